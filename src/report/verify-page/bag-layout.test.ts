import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as program from '../../evidence/bag-layout.js';
import * as order from '../../evidence/bag-order.js';
import * as page from './bag-layout.js';

const NAMES = ['MANIFEST', 'TAGMANIFEST', 'STATEMENT', 'TOOL', 'GUIDE', 'ACQUISITION_LOG', 'REDACTIONS'] as const;
const NUMBERS = ['MAX_RECORD_BYTES', 'MAX_HELD_BYTES', 'MAX_SEAL_FILE_BYTES', 'PART_BYTES', 'MAX_SIGNERS'] as const;

const piece = fc.constantFrom(
  ...[
    'data',
    'seal',
    'custody',
    'meta',
    'VERIFY.md',
    'bagit.txt',
    'a',
    'A',
    '.b',
    '-c',
    '_d',
    'open.tsq',
    'hb-0001.tsr',
  ],
  ...['seal-2.tsq', 'signer-1.pub', 'signer-9.pub', 'tagmanifest-sha256.txt.2.sig', 'x'.repeat(56), 'x'.repeat(57), ''],
);
const path = fc.oneof(
  fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('/')),
  fc.constantFrom(...program.REQUIRED_TAG_FILES),
  fc.string(),
);

describe('the layout of the page is that of the program:', () => {
  it('names and limits', () => {
    for (const name of [...NAMES, ...NUMBERS]) expect(page[name], name).toBe(program[name]);
    expect([...page.REQUIRED_TAG_FILES].sort()).toEqual([...program.REQUIRED_TAG_FILES].sort());
    expect(page.LEDGER_KEY.source).toBe(program.LEDGER_KEY.source);
    for (let number = 1; number <= page.MAX_SIGNERS; number += 1) {
      expect(page.signerFiles(number)).toEqual(program.signerFiles(number));
      expect(page.tokenFiles(number)).toEqual(program.tokenFiles(number));
    }
  });

  it('kinds, grammar and order of paths', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(page.kindOfFile(a)).toBe(program.kindOfFile(a));
        expect(page.isBagPath(a)).toBe(order.isBagPath(a));
        expect(Math.sign(page.compareBagPaths(a, b))).toBe(Math.sign(order.compareBagPaths(a, b)));
      }),
      { numRuns: 1000 },
    );
  });
});
