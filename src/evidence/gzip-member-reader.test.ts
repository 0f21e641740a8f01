import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32, deflateRawSync } from 'node:zlib';
import { gzipOf, sha256 } from '../../test/fakes/archive-builder.js';
import { flipBit } from '../../test/fakes/verify-bytes.js';
import { readGzipMember, type GzipMemberOptions } from './gzip-member-reader.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-gzip-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function read(container: Buffer, options: Partial<GzipMemberOptions> = {}) {
  const path = join(directory, 'member.gz');
  await writeFile(path, container);
  const file = await open(path);
  const pieces: Buffer[] = [];
  try {
    const member = await readGzipMember(file, {
      onBytes: (bytes) => pieces.push(bytes),
      ...options,
    });
    return { member, content: Buffer.concat(pieces) };
  } finally {
    await file.close();
  }
}

const TEXT = Buffer.from('evidence '.repeat(200_000));

/** The densest that deflate can be: over a thousand to one. */
function denseGzipOf(content: Buffer): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([gzipOf(content).subarray(0, 10), deflateRawSync(content, { level: 9 }), trailer]);
}

describe('readGzipMember gives up unpacking', () => {
  it('when the rest is of no interest, and hashes the file to its end', async () => {
    const container = gzipOf(Buffer.alloc(50_000_000, 'evidence '));
    let pieces = 0;
    const isEnough = (): boolean => (pieces += 1) > 3;
    const { member, content } = await read(container, { isEnough });
    expect(member).toMatchObject({ containerSha256: sha256(container), isCutShort: true, problem: null });
    expect(content.length).toBeLessThanOrEqual(3 * 256 * 1024);
    expect(member.tarBytes).toBe(content.length);
  });

  it('of a bomb, and says so', async () => {
    const container = denseGzipOf(Buffer.alloc(50_000_000));
    const { member, content } = await read(container, { ratioFromBytes: 10_000_000 });
    expect(member.problem?.found).toContain('bomb');
    expect([member.containerSha256, member.isCutShort]).toEqual([sha256(container), false]);
    expect(content.length).toBeLessThanOrEqual(10_000_000);
  });

  it('never of what is only dense: zeros as our own writer packs them, or little', async () => {
    const zeros = Buffer.alloc(50_000_000);
    expect((await read(gzipOf(zeros), { ratioFromBytes: 10_000_000 })).member.problem).toBeNull();
    expect((await read(denseGzipOf(zeros))).member.problem).toBeNull();
  });
});

describe('readGzipMember', () => {
  it('gives back what went in, with the hash of the file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.nat(2000), async (bytes, repeats) => {
        const source = Buffer.concat(Array.from({ length: repeats }, () => Buffer.from(bytes)));
        const container = gzipOf(source);
        const { member, content } = await read(container);
        expect(content.equals(source)).toBe(true);
        expect(member).toMatchObject({
          containerSha256: sha256(container),
          sizeBytes: container.length,
          tarBytes: source.length,
          problem: null,
        });
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['one byte after the end', Buffer.concat([gzipOf(TEXT), Buffer.alloc(1)]), '1 more bytes'],
    ['a second member', Buffer.concat([gzipOf(TEXT), gzipOf(TEXT)]), 'more bytes'],
    ['zeros after the end', Buffer.concat([gzipOf(TEXT), Buffer.alloc(1_000_000)]), '1000000 more bytes'],
    ['no trailer', gzipOf(TEXT).subarray(0, -8), 'ends early'],
    ['a short trailer', gzipOf(TEXT).subarray(0, -1), 'ends early'],
    ['half the data', gzipOf(TEXT).subarray(0, 2000), 'ends early'],
    ['the header only', gzipOf(TEXT).subarray(0, 10), 'ends early'],
    ['half the header', gzipOf(TEXT).subarray(0, 5), 'ends early'],
    ['nothing', Buffer.alloc(0), 'ends early'],
    ['no gzip', Buffer.from('BZh91AY'), 'another beginning'],
    [
      'a file name in the header',
      Buffer.concat([Buffer.from('1f8b08080000000004ff6100', 'hex'), gzipOf(TEXT).subarray(10)]),
      'another beginning',
    ],
  ])('sees %s', async (_what, container, found) => {
    const { member } = await read(container);
    expect(member.problem?.found).toContain(found);
    expect(member.containerSha256).toBe(sha256(container));
  });

  it('sees every bit of header and trailer', async () => {
    const container = gzipOf(TEXT.subarray(0, 100));
    const bits = [...Array(80).keys(), ...[...Array(64).keys()].map((bit) => (container.length - 8) * 8 + bit)];
    for (const bit of bits) {
      const { member } = await read(flipBit(container, bit));
      expect(member.problem, `bit ${String(bit)}`).not.toBeNull();
    }
  });

  it('stops inflating at the limit but hashes the file to its end', async () => {
    const container = gzipOf(Buffer.alloc(50_000_000));
    const { member, content } = await read(container, { maxTarBytes: 1_000_000 });
    expect(member).toMatchObject({ isTooLarge: true, containerSha256: sha256(container) });
    expect(content.length).toBeLessThan(50_000_000);
  });

  it('throws what the reader of the bytes throws', async () => {
    const path = join(directory, 'throw.gz');
    await writeFile(path, gzipOf(TEXT));
    const file = await open(path);
    const onBytes = (): void => {
      throw new RangeError('no');
    };
    await expect(readGzipMember(file, { onBytes })).rejects.toThrow(RangeError);
    await file.close();
  });
});
