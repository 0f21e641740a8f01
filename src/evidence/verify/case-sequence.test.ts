import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSequence, type SequenceMember } from './case-sequence.js';

const CASE = 'k7m2p9';
const idOf = (sequence: number): string => `${CASE}-x${String(sequence).padStart(4, '0')}`;
const shaOf = (sequence: number): string => String(sequence).padStart(64, '0');

/** Exhibit `sequence` of a case in which `neverSealed` were opened and not sealed. */
function member(sequence: number, neverSealed: readonly number[] = []): SequenceMember {
  const sealed = Array.from({ length: sequence - 1 }, (_, index) => index + 1).filter((n) => !neverSealed.includes(n));
  const before = sealed.at(-1);
  return {
    archive: `${idOf(sequence)}.tar.gz`,
    tagmanifestSha256: shaOf(sequence),
    statement: {
      caseId: CASE,
      exhibitId: idOf(sequence),
      sequence,
      previous: before === undefined ? null : { exhibitId: idOf(before), tagmanifestSha256: shaOf(before) },
      openedNotSealed: neverSealed
        .filter((n) => n < sequence)
        .map((n) => ({ exhibitId: idOf(n), sequence: n, custodyHeadSha256: shaOf(0) })),
      custodyHeadSha256: shaOf(0),
    },
  };
}

const receiptOf = (sequence: number): Parameters<typeof checkSequence>[1][number] => ({
  exhibitId: idOf(sequence),
  sequence,
  tagmanifestSha256: shaOf(sequence),
});

const namesOf = (members: readonly SequenceMember[], receipts: readonly number[] = []): string[] =>
  checkSequence(members, receipts.map(receiptOf)).map(
    ({ exhibitId, expected }) => `${exhibitId.slice(-2)} ${expected}`,
  );

describe('checkSequence', () => {
  it('finds nothing in a whole case, in any order, with or without receipts', () => {
    const whole = [1, 2, 4, 5].map((n) => member(n, [3]));
    expect(namesOf(whole)).toEqual([]);
    expect(namesOf([...whole].reverse(), [1, 2, 4, 5])).toEqual([]);
    expect(namesOf([])).toEqual([]);
  });

  it('names every exhibit that is missing before the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.infiniteStream(fc.boolean()), (last, kept) => {
        const there = Array.from({ length: last - 1 }, (_, index) => index + 1).filter(() => kept.next().value);
        const missing = Array.from({ length: last - 1 }, (_, index) => index + 1).filter((n) => !there.includes(n));
        const found = checkSequence(
          [...there, last].map((n) => member(n)),
          [],
        );
        expect(found.map(({ exhibitId }) => exhibitId)).toEqual(missing.map(idOf));
      }),
    );
  });

  it('cannot know of what came after the last, but a receipt can', () => {
    expect(namesOf([member(1)])).toEqual([]);
    expect(namesOf([member(1)], [1, 2])).toEqual(['02 the archive of the receipt that was kept']);
  });

  it('names an exhibit that is not the one the next is chained to', () => {
    const resealed = { ...member(1), tagmanifestSha256: shaOf(9) };
    expect(checkSequence([resealed, member(2)], [])).toEqual([
      {
        exhibitId: idOf(1),
        expected: `tagmanifest ${shaOf(1)}, as ${idOf(2)} names it`,
        found: `tagmanifest ${shaOf(9)}`,
      },
    ]);
    expect(namesOf([resealed], [1])).toEqual([`01 tagmanifest ${shaOf(1)}, as the receipt that was kept has it`]);
  });

  it('names a fork, a stranger, and an archive of what was never sealed', () => {
    const fork = { ...member(2), tagmanifestSha256: shaOf(8) };
    expect(namesOf([member(1), member(2), fork])).toEqual([`02 one exhibit of this number, tagmanifest ${shaOf(2)}`]);
    const other = member(1);
    const stranger = { ...other, statement: { ...other.statement, caseId: 'other1', exhibitId: 'other1-x0001' } };
    expect(namesOf([member(1), stranger])).toEqual([`01 an exhibit of case ${CASE}`]);
    expect(namesOf([member(1), member(2), member(3, [2])])).toContain(
      `02 no archive: ${idOf(3)} says that it was never sealed`,
    );
  });

  it('takes the same archive twice for one', () => {
    expect(namesOf([member(1), member(1), member(2)])).toEqual([]);
  });
});
