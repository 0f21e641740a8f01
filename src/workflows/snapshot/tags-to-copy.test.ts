import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tagsLeftText, tagsToCopy } from './tags-to-copy.js';

const many = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${String(index).padStart(2, '0')}`, 'v']));

describe('tags of volumes', () => {
  it('are left to EC2 where they fit', () => {
    const volumes = [{ id: 'vol-a', tags: { ...many(48), 'aws:one': 'x', 'AWS:two': 'y' } }];
    expect(tagsToCopy(volumes, true)).toEqual({ isCopiedByPlatform: true, tags: {}, left: [] });
    expect(tagsLeftText(volumes, true)).toEqual([]);
    // Of a single volume EC2 copies none.
    expect(Object.keys(tagsToCopy(volumes, false).tags)).toHaveLength(48);
  });

  it('are set as far as they fit and all volumes have them alike, and the others are named', () => {
    const volumes = [
      { id: 'vol-a', tags: { ...many(50), own: 'a' } },
      { id: 'vol-b', tags: { t00: 'v', t01: 'other', own: 'b' } },
    ];
    const { isCopiedByPlatform, tags, left } = tagsToCopy(volumes, true);
    expect({ isCopiedByPlatform, tags }).toEqual({ isCopiedByPlatform: false, tags: { t00: 'v' } });
    expect(left.map(({ volume, keys }) => [volume, keys.length])).toEqual([
      ['vol-a', 50],
      ['vol-b', 2],
    ]);
    expect(tagsLeftText(volumes, true)[1]).toContain('of vol-b these are in the record alone: t01, own');
  });

  it.each([true, false])('of 49 leave one out, for two of a snapshot are ours (of a machine: %s)', (isSet) => {
    const made = tagsToCopy([{ id: 'vol-a', tags: many(49) }], isSet);
    expect(made).toEqual({ isCopiedByPlatform: false, tags: many(48), left: [{ volume: 'vol-a', keys: ['t48'] }] });
  });

  it('never exceed what a snapshot can have, and every one is either set or named', () => {
    const tags = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.constantFrom('x', 'y'), { maxKeys: 60 });
    fc.assert(
      fc.property(fc.array(tags, { minLength: 1, maxLength: 3 }), fc.boolean(), (all, isSet) => {
        const volumes = all.map((one, index) => ({ id: `vol-${String(index)}`, tags: one }));
        const made = tagsToCopy(volumes, isSet);
        expect(Object.keys(made.tags).length).toBeLessThanOrEqual(48);
        for (const { id, tags: own } of volumes) {
          const named = made.left.find(({ volume }) => volume === id)?.keys ?? [];
          const keys = Object.keys(own).filter((key) => !key.toLowerCase().startsWith('aws:'));
          if (made.isCopiedByPlatform) expect(keys.length).toBeLessThanOrEqual(48);
          else expect([...named, ...keys.filter((key) => made.tags[key] === own[key])].sort()).toEqual(keys.sort());
        }
      }),
    );
  });
});
