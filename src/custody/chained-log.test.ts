import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../ports/clock.js';
import { ChainedLog } from './chained-log.js';
import { readChain } from './read-chain.js';
import { MAX_RECORD_BYTES } from './record-line.js';
import type { TornTail } from './torn-tail.js';
import { MAX_TORN_RECORDED_BYTES, releaseTorn } from './torn-tail.js';

const clock: Clock = { nowMs: () => 1_767_323_045_678, monoUs: () => 42, bootId: () => 'boot-1' };

function temporaryPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'chain-')), 'log.jsonl');
}

async function open(path: string): Promise<{ log: ChainedLog<string>; torn: TornTail | null }> {
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
        expect(again.torn).toEqual(torn.length === 0 ? null : { file: path, bytes: torn });
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

  it('refuses a line that no reader takes, writes nothing of it and goes on in one chain', async () => {
    const path = temporaryPath();
    const { log } = await open(path);
    await log.append('open');
    const { head, sizeBytes } = log;
    const long = 'x'.repeat(MAX_RECORD_BYTES);
    await expect(log.append('item', { long })).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(log.appendMany('item', [{ n: 1 }, { long }, { n: 2 }])).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(log.appendMany('item', [{ n: 1 }, { n: 0.5 }])).rejects.toThrow(TypeError);
    expect(log.head).toEqual(head);
    expect(log.lastEvent).toBe('open');
    expect(statSync(path).size).toBe(sizeBytes);
    await log.append('item', { n: 3 });
    await log.close();
    const seen: unknown[] = [];
    expect(readChain(path, (entry) => seen.push(entry['n'])).head.seq).toBe(2);
    expect(seen).toEqual([undefined, 3]);
  });

  it('takes a line of exactly the length that readers take', async () => {
    const path = temporaryPath();
    const { log } = await open(path);
    await log.append('item', { note: '' });
    const room = MAX_RECORD_BYTES - log.sizeBytes;
    await expect(log.append('item', { note: 'x'.repeat(room + 1) })).rejects.toMatchObject({ code: 'INTERNAL' });
    await log.append('item', { note: 'x'.repeat(room) });
    await log.close();
    expect(log.size).toBe(2);
  });
});

describe('the torn end of a log', () => {
  async function torn(...tails: string[]): Promise<string> {
    const path = temporaryPath();
    const { log } = await open(path);
    await log.append('open');
    await log.close();
    for (const tail of tails) {
      appendFileSync(path, tail);
      // A process that cuts it off and dies before it has recorded it.
      await (await open(path)).log.close();
    }
    return path;
  }

  it('is not lost by a process that dies between cutting it off and recording it', async () => {
    const path = await torn('{"half');
    expect(readFileSync(path, 'latin1').endsWith('}\n')).toBe(true);
    expect(statSync(`${path}.torn`).mode & 0o777).toBe(0o600);
    const again = await open(path);
    expect(again.torn).toEqual({ file: path, bytes: Buffer.from('{"half') });
    await again.log.append('interrupted');
    if (again.torn !== null) await releaseTorn(again.torn);
    await again.log.close();
    expect(readdirSync(dirname(path))).toEqual(['log.jsonl']);
    const last = await open(path);
    expect(last.torn).toBeNull();
    await last.log.close();
  });

  it('joins what several crashes left, and takes what was put aside and not yet cut off only once', async () => {
    const path = await torn('{"first', '{"second');
    appendFileSync(path, '{"second');
    const again = await open(path);
    await again.log.close();
    expect(again.torn?.bytes.toString()).toBe('{"first\n{"second');
    expect(readFileSync(path, 'latin1').endsWith('}\n')).toBe(true);
  });

  it('stays under another name when it is longer than a record of it', async () => {
    const tail = 'x'.repeat(MAX_TORN_RECORDED_BYTES + 1);
    for (const path of [await torn(tail), await torn(tail)]) {
      const again = await open(path);
      if (again.torn !== null) await releaseTorn(again.torn);
      await again.log.close();
      expect(readdirSync(dirname(path))).toEqual(['log.jsonl', 'log.jsonl.torn-kept-1']);
      expect(readFileSync(`${path}.torn-kept-1`, 'latin1')).toBe(tail);
    }
  });

  it('is not cut off when it cannot be put aside', async () => {
    const path = await torn();
    appendFileSync(path, '{"half');
    symlinkSync('/dev/null', `${path}.torn`);
    await expect(open(path)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readFileSync(path, 'latin1').endsWith('{"half')).toBe(true);
  });
});
