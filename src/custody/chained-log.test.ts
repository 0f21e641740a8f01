import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../ports/clock.js';
import { ChainedLog } from './chained-log.js';
import { readChain } from './read-chain.js';

const clock: Clock = { nowMs: () => 1_767_323_045_678, monoUs: () => 42, bootId: () => 'boot-1' };

function temporaryPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'chain-')), 'log.jsonl');
}

async function open(path: string): Promise<{ log: ChainedLog<string>; torn: Buffer }> {
  return await ChainedLog.open<string>({ path, clock, actor: 'tester' });
}

describe('ChainedLog', () => {
  it('chains each line to the raw bytes of the one before', async () => {
    const path = temporaryPath();
    const { log } = await open(path);
    await log.append('open', { note: 'gr\u00fc\u00df' });
    await log.append('seal', { seq: 99, event: 'forged' });
    await log.close();
    const [first = '', second = ''] = readFileSync(path, 'latin1').split('\n');
    expect(JSON.parse(first)).toEqual({
      seq: 1,
      prev: '0'.repeat(64),
      at: '2026-01-02T03:04:05.678Z',
      monoUs: 42,
      bootId: 'boot-1',
      actor: 'tester',
      event: 'open',
      note: 'gr\u00fc\u00df',
    });
    expect(first).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(second)).toMatchObject({
      seq: 2,
      event: 'seal',
      prev: createHash('sha256').update(`${first}\n`).digest('hex'),
    });
  });

  it('goes on where it was, in one chain, when many append at once', async () => {
    const path = temporaryPath();
    const { log } = await open(path);
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        await log.append('item', { n });
      }),
    );
    await log.close();
    const again = await open(path);
    expect(again.log.size).toBe(200);
    await again.log.appendMany('item', [{ n: 200 }, { n: 201 }]);
    await again.log.close();
    const seen: unknown[] = [];
    expect(readChain(path, (entry) => seen.push(entry['n'])).head.seq).toBe(202);
    expect(seen).toEqual(Array.from({ length: 202 }, (_, n) => n));
  });

  it('cuts a torn last line off and gives its bytes back, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const torn = Buffer.from(bytes.filter((byte) => byte !== 0x0a));
        const path = temporaryPath();
        const { log } = await open(path);
        await log.append('open');
        await log.close();
        const whole = readFileSync(path);
        appendFileSync(path, torn);
        const again = await open(path);
        await again.log.close();
        expect(again.torn).toEqual(torn);
        expect(readFileSync(path)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses every change of a byte, naming the line where the chain breaks', async () => {
    const path = temporaryPath();
    const { log } = await open(path);
    for (let n = 0; n < 3; n += 1) await log.append('item', { n });
    await log.close();
    const good = readFileSync(path);
    const expected = readChain(path, () => undefined).head.sha256;
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(path, bad);
      let head = '';
      try {
        head = readChain(path, () => undefined).head.sha256;
      } catch (error) {
        expect(error).toMatchObject({ code: 'CASE_CORRUPT' });
        expect(String(error)).toMatch(/line \d+ of log\.jsonl/);
      }
      // In the last line nothing follows that could contradict it: there the head differs, which statement and receipt hold.
      expect(head).not.toBe(expected);
    }
  });

  it('names the line that is missing, doubled or swapped', async () => {
    const path = temporaryPath();
    const { log } = await open(path);
    for (let n = 0; n < 4; n += 1) await log.append('item', { n });
    await log.close();
    const lines = readFileSync(path, 'latin1').split('\n').slice(0, -1);
    const [a = '', b = '', c = '', d = ''] = lines;
    for (const [wrong, line] of [
      [[a, c, d], 2],
      [[a, b, b, c, d], 3],
      [[a, c, b, d], 2],
      [[b, a, c, d], 1],
      [[a, 'x', c], 2],
    ] as const) {
      writeFileSync(path, wrong.map((text) => `${text}\n`).join(''));
      expect(() => readChain(path, () => undefined)).toThrow(`line ${String(line)} of log.jsonl`);
    }
  });
});
