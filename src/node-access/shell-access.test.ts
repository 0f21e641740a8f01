import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { nodeFacts } from '../../test/fakes/node-facts.js';
import type { FarExec, StartFar } from './far-exec.js';
import { ShellAccess } from './shell-access.js';

function accessTo(start: StartFar, rateBytesPerSecond: number | null = null): ShellAccess {
  const clock = { nowMs: () => 0, monoUs: () => 0, bootId: () => 'b' };
  let next = 0;
  const ids = { uuid: () => String((next += 1)).padStart(32, '0'), token: () => 'a' };
  return new ShellAccess(nodeFacts(), { start, root: '', proc: '/proc', clock, ids, rateBytesPerSecond });
}

/** Ends a script well, whatever was sent before. */
function endWell({ argv, stderr }: FarExec, sent: readonly Buffer[] = []): { detail: string; auditId: null } {
  const digest = createHash('sha256').update(Buffer.concat(sent)).digest('hex');
  stderr(Buffer.from(`\nexhibit-end/1 ${argv[4] ?? ''} 0 ${digest}\n`));
  return { detail: 'exit 0', auditId: null };
}

const nothing = { chunk: () => undefined };
const nameOf = ({ stdin }: FarExec): string => stdin.toString();

describe('a node that is reached by running scripts there', () => {
  it('runs two commands at once, and the others after them, in their order', async () => {
    const waiting: (() => void)[] = [];
    const begun: string[] = [];
    const access = accessTo(async (exec) => {
      begun.push(nameOf(exec));
      await new Promise<void>((resolve) => waiting.push(resolve));
      return endWell(exec);
    });
    const all = ['1', '2', '3', '4'].map(async (script) => await access.run({ name: script, script }, nothing));
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['1', '2']);
    waiting.shift()?.();
    await all[0];
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['1', '2', '3']);
    while (waiting.length > 0 || begun.length < 4) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    waiting.shift()?.();
    expect((await Promise.all(all)).map(({ end }) => end)).toEqual(['complete', 'complete', 'complete', 'complete']);
  });

  it.each([null, 1_000_000_000])('compares with the digest of what was kept, at a rate of %s', async (rate) => {
    const access = accessTo(async (exec) => {
      await exec.stdout(Buffer.from('body'));
      return endWell(exec, [Buffer.from('body')]);
    }, rate);
    const keeping = (kept: string) => ({
      chunk: () => undefined,
      kept: () => ({ sha256: createHash('sha256').update(kept).digest('hex'), sizeBytes: 4 }),
    });
    expect((await access.run({ name: 'a', script: 'x' }, keeping('body'))).end).toBe('complete');
    expect((await access.run({ name: 'a', script: 'x' }, keeping('bodY'))).end).toBe('corrupt');
  });

  it('asks whether the node is there after a stream that was cut, and gives up when it is not', async () => {
    const asked: string[] = [];
    const access = accessTo((exec) => {
      asked.push(nameOf(exec));
      return Promise.resolve({ detail: 'connection reset', auditId: null });
    });
    expect((await access.run({ name: 'a', script: 'first' }, nothing)).end).toBe('cut');
    for (const script of ['second', 'third'])
      await expect(access.run({ name: 'b', script }, nothing)).rejects.toMatchObject({ code: 'NODE_ACCESS_LOST' });
    expect(asked).toEqual(['first', ':']);
  });

  it('goes on after a stream that was cut when the node is still there', async () => {
    const access = accessTo((exec) =>
      Promise.resolve(nameOf(exec) === 'bad' ? { detail: 'exit 1', auditId: null } : endWell(exec)),
    );
    expect((await access.run({ name: 'a', script: 'bad' }, nothing)).end).toBe('cut');
    expect((await access.run({ name: 'b', script: 'good' }, nothing)).end).toBe('complete');
  });

  it('stops asking whether the node is there when the run is interrupted, and does not call it lost for that', async () => {
    const stop = new AbortController();
    let asked = 0;
    const access = accessTo(async (exec) => {
      if (nameOf(exec) !== ':') return { detail: 'connection reset', auditId: null };
      asked += 1;
      if (asked > 1) return endWell(exec);
      stop.abort();
      exec.signal.throwIfAborted();
      return await new Promise(() => undefined);
    });
    await access.run({ name: 'a', script: 'first' }, nothing);
    expect((await access.run({ name: 'b', script: 'second', signal: stop.signal }, nothing)).end).toBe('aborted');
    expect((await access.run({ name: 'c', script: 'third' }, nothing)).end).toBe('cut');
    expect(asked).toBe(2);
  });

  it('takes less of a node that is under pressure', async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    const asked: string[] = [];
    const strained =
      'io\tsome avg10=99.00 avg60=0.00 avg300=0.00 total=1\nio\tfull avg10=12.50 avg60=0.00 avg300=0.00 total=1\n';
    const access = accessTo(
      async (exec) => {
        const sent: Buffer[] = [];
        const isPressure = nameOf(exec).includes('pressure');
        asked.push(isPressure ? 'pressure' : 'stream');
        for (let count = 0; count < (isPressure ? 1 : 24); count += 1) {
          const bytes = isPressure ? Buffer.from(strained) : Buffer.from(chunk);
          sent.push(Buffer.from(bytes));
          await exec.stdout(bytes);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return endWell(exec, sent);
      },
      1024 * 1024 * 1024,
    );
    const { end } = await access.run({ name: 'stream', script: 'x' }, nothing);
    expect(end).toBe('complete');
    expect(asked).toEqual(['stream', 'pressure']);
  });
});
