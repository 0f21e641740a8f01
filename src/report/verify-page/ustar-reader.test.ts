import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tarOf } from '../../../test/fakes/archive-builder.js';
import { createHeaderEncoder } from '../../evidence/ustar-header.js';
import { UstarReader as ProgramReader } from '../../evidence/ustar-reader.js';
import { isCanonical, readHeader } from './ustar-header.js';
import { UstarReader } from './ustar-reader.js';

const ROOT = 'case-abcd-x0001';
const segment = fc.stringMatching(/^[a-z0-9_][a-z0-9._-]{0,55}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `${ROOT}/${segments.join('/')}`);

describe('headers', () => {
  it('are canonical when, and only when, the program writes them so', () => {
    fc.assert(
      fc.property(path, fc.nat(2 ** 31), fc.nat(2 ** 31), fc.nat(4095), (name, sizeBytes, mtimeSeconds, bit) => {
        const header = Buffer.alloc(512);
        fc.pre(createHeaderEncoder(mtimeSeconds)({ path: name, sizeBytes }, header, 0));
        expect(readHeader(header)).toMatchObject({ path: name, sizeBytes, mtimeSeconds });
        expect(isCanonical(header, readHeader(header), mtimeSeconds)).toBe(true);
        header[bit >> 3] = (header[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const isSame = isCanonical(header, readHeader(header), mtimeSeconds);
        // Turned bits in the path with a checksum that happens to fit do not exist: the sum changes with each.
        expect(isSame).toBe(false);
      }),
    );
  });
});

interface Seen {
  readonly files: string[];
  readonly bytes: number;
  readonly violation: unknown;
}

function read(reader: UstarReader | ProgramReader, seen: Seen, tar: Buffer, cuts: readonly number[]): Seen {
  const ends = [...cuts.map((cut) => cut % (tar.length + 1)), tar.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    reader.push(tar.subarray(from, end));
    from = end;
  }
  return { ...seen, violation: reader.finish() };
}

function both(tar: Buffer, cuts: readonly number[]): [Seen, Seen] {
  const results = [0, 1].map((which) => {
    const seen = { files: [] as string[], bytes: 0, violation: null };
    const onFile = (name: string, sizeBytes: number) => {
      let content = '';
      return (bytes: Uint8Array, isLast: boolean): void => {
        content += Buffer.from(bytes).toString('latin1');
        if (isLast) seen.files.push(`${name} ${String(sizeBytes)} ${content}`);
      };
    };
    return read(which === 0 ? new UstarReader(onFile) : new ProgramReader({ onFile }), seen, tar, cuts);
  });
  return [results[0]!, results[1]!];
}

describe('UstarReader', () => {
  const entries = fc
    .uniqueArray(fc.record({ name: segment, bytes: fc.uint8Array({ maxLength: 1200 }) }), {
      selector: ({ name }) => name,
    })
    .map((files) => [
      { path: `${ROOT}/bagit.txt`, bytes: Buffer.from('x') },
      ...files
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, bytes }) => ({ path: `${ROOT}/data/${name}`, bytes: Buffer.from(bytes) })),
    ]);

  it('reads what the program reads, in any pieces', () => {
    fc.assert(
      fc.property(entries, fc.array(fc.nat(), { maxLength: 5 }), (files, cuts) => {
        const [page, program] = both(tarOf(files, 1_700_000_000), cuts);
        expect(page).toEqual(program);
        expect(page.violation).toBeNull();
        expect(page.files).toHaveLength(files.length);
      }),
    );
  });

  it('finds the same first violation in a damaged tar', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(255), fc.array(fc.nat(), { maxLength: 3 }), (files, at, byte, cuts) => {
        const tar = tarOf(files, 1_700_000_000);
        tar[at % tar.length] = byte;
        const [page, program] = both(tar.subarray(0, tar.length - (at % 3) * 512), cuts);
        expect(page).toEqual(program);
      }),
      { numRuns: 300 },
    );
  });

  it('finds a file that comes twice', () => {
    const [first, second] = ['bagit.txt', 'data/x'].map((name) => ({
      path: `${ROOT}/${name}`,
      bytes: Buffer.from(name),
    }));
    const [page, program] = both(tarOf([first!, second!, second!], 1_700_000_000), []);
    expect(page).toEqual(program);
    expect(page.violation).toMatchObject({ expected: 'each file once, in order' });
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const [page, program] = both(Buffer.from(bytes), []);
        expect(page).toEqual(program);
        expect(page.violation).not.toBeNull();
      }),
    );
  });
});
