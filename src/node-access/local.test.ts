import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../lib/clock.js';
import type { NodeCommand } from '../ports/node-access.js';
import { parseCapabilities } from './capabilities.js';
import { localRung } from './local.js';

const options = { clock: systemClock, ids: systemIds };
const node = { name: 'here', uid: '', machineId: '', ready: true };

async function run(command: Partial<NodeCommand> & { script: string }) {
  const access = await localRung(options).open(node, new AbortController().signal);
  const chunks: Buffer[] = [];
  const end = await access.run({ name: 'test', ...command }, { chunk: (bytes) => void chunks.push(bytes) });
  return { end, body: Buffer.concat(chunks), facts: access.facts };
}

describe('this machine as a node', () => {
  it('is probed for what it can do', async () => {
    const { facts } = await run({ script: 'true' });
    expect(facts).toMatchObject({ rung: 'local', vantage: 'live-kernel', node: 'here', root: '' });
    expect(facts.tools['tar']).toContain('tar');
    expect(facts.processes).toBe(readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]');
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '';
    expect(facts.capabilities).toEqual(parseCapabilities(effective));
    expect(facts.self).toMatchObject({ hostname: hostname(), uid: String(process.getuid?.()), nice: '19' });
  });

  it('gives the script its arguments, its input and the root, and says how it ended', async () => {
    const { end, body } = await run({
      script: 'cat; printf "%s|%s|%s" "$1" "$ROOT" "$PROC"; echo complaint >&2; exit 7',
      args: ["a '$(id)' b"],
      stdin: Buffer.from([0, 255, 10]),
    });
    expect(body).toEqual(Buffer.concat([Buffer.from([0, 255, 10]), Buffer.from("a '$(id)' b||/proc")]));
    expect(end).toMatchObject({ end: 'complete', exitStatus: 7, stderr: 'complaint\n', sizeBytes: body.length });
    expect(end.sha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect(end.farSha256).toBe(end.sha256);
  });

  it('hands over one piece at a time to whoever takes time, and nothing gets lost', async () => {
    const access = await localRung(options).open(node, new AbortController().signal);
    let [holding, sizeBytes] = [0, 0];
    const chunk = async (bytes: Buffer): Promise<void> => {
      holding += 1;
      expect(holding).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      sizeBytes += bytes.length;
      holding -= 1;
    };
    const end = await access.run({ name: 'test', script: 'head -c 2000000 /dev/zero' }, { chunk });
    expect([end.end, end.sizeBytes, sizeBytes, holding]).toEqual(['complete', 2_000_000, 2_000_000, 0]);
  });

  it.each([
    ['at once', () => false],
    ['later', () => true],
  ])('ends a script whose reader fails %s, with what the reader said', async (_when, isLate) => {
    const access = await localRung(options).open(node, new AbortController().signal);
    const broken = new Error('broken');
    const chunk = (): Promise<void> => {
      if (isLate()) return Promise.reject(broken);
      throw broken;
    };
    await expect(access.run({ name: 'test', script: 'cat /dev/zero' }, { chunk })).rejects.toBe(broken);
  });

  it('ends what is endless at its limit, and what is silent at its time', async () => {
    const endless = await run({ script: 'cat /dev/zero', maxBytes: 100_000 });
    expect(endless.end).toMatchObject({ end: 'limit', sizeBytes: 100_000 });
    const silent = await run({ script: 'echo begun; sleep 1000', idleTimeoutMs: 300 });
    expect(silent.end).toMatchObject({ end: 'timeout', exitStatus: null });
  });
});
