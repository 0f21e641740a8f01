import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLog } from './read-log.js';

const event = (id: string): string =>
  JSON.stringify({
    ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: id, stage: 'ResponseComplete' },
    ...{ requestURI: '/', verb: 'get', user: { username: 'a' }, stageTimestamp: '2026-01-02T03:04:05Z' },
  });

/** In pieces of these sizes, then the rest. */
async function* pieces(bytes: Buffer, sizes: readonly number[] = []): AsyncGenerator<Buffer> {
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) return;
    yield await Promise.resolve(bytes.subarray(from, from + size));
    from += size;
  }
  if (from < bytes.length) yield bytes.subarray(from);
}

interface Found {
  readonly kind: string;
  readonly reason?: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

async function read(bytes: Buffer, sizes?: readonly number[]): Promise<{ log: unknown; lines: Found[] }> {
  const lines: Found[] = [];
  const log = await readLog(pieces(bytes, sizes), (line, { offset, lengthBytes }) => {
    lines.push({ kind: line.kind, ...('reason' in line ? { reason: line.reason } : {}), offset, lengthBytes });
  });
  return { log, lines };
}

describe('readLog', () => {
  it('gives every line with its place, whatever the pieces are and whether it is packed', async () => {
    const text = fc.array(fc.constantFrom(event('1'), 'x', '', '{}', '\u0000')).map((lines) => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 50 })), fc.boolean(), async (log, sizes, isPacked) => {
        const bytes = Buffer.from(log);
        const found = await read(isPacked ? gzipSync(bytes) : bytes, sizes);
        expect(found.log).toEqual({ bytes: bytes.length, isPacked, end: 'whole' });
        const lines = log.split('\n');
        const whole = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
        expect(found.lines.map(({ offset, lengthBytes }) => log.slice(offset, offset + lengthBytes))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('tells half a last line from one that only lacks its end', async () => {
    const whole = Buffer.from(`${event('1')}\n${event('2')}`);
    expect((await read(whole)).lines.map(({ kind }) => kind)).toEqual(['events', 'events']);
    expect((await read(whole.subarray(0, -5))).lines[1]).toMatchObject({ kind: 'quarantined', reason: 'torn' });
  });

  it('reads what is there of a gzip that was cut or damaged, and says so', async () => {
    const noise = Array.from({ length: 2000 }, (_, index) => event(String(index * 7919))).join('\n');
    const packed = gzipSync(Buffer.from(noise));
    const cut = await read(packed.subarray(0, packed.length / 2));
    expect(cut.log).toMatchObject({ isPacked: true, end: 'gzip-cut' });
    expect(cut.lines.length).toBeGreaterThan(100);
    const damaged = Buffer.from(packed);
    damaged.writeUInt32LE(7, damaged.length - 8);
    expect((await read(damaged)).log).toMatchObject({ end: 'gzip-damaged' });
  });

  it('keeps no more of a line than an event can have', async () => {
    const long = Buffer.concat([Buffer.alloc(17 * 2 ** 20, 'a'), Buffer.from(`\n${event('1')}\n`)]);
    const { lines } = await read(long);
    expect(lines[0]).toEqual({ kind: 'quarantined', reason: 'too-long', offset: 0, lengthBytes: 17 * 2 ** 20 });
    expect(lines[1]).toMatchObject({ kind: 'events', offset: 17 * 2 ** 20 + 1 });
  });

  it('throws what the source throws, packed or not', async () => {
    const broken = async function* (first: Buffer): AsyncGenerator<Buffer> {
      yield await Promise.resolve(first);
      throw new Error('the disk is gone');
    };
    const none = (): void => undefined;
    await expect(readLog(broken(Buffer.from('abc')), none)).rejects.toThrow('the disk is gone');
    await expect(readLog(broken(gzipSync('abc').subarray(0, 12)), none)).rejects.toThrow('the disk is gone');
  });

  it('takes nothing for nothing', async () => {
    expect(await read(Buffer.alloc(0))).toEqual({ log: { bytes: 0, isPacked: false, end: 'whole' }, lines: [] });
    expect((await read(Buffer.from('\x1f'))).lines).toHaveLength(1);
  });
});
