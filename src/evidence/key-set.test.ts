import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySet } from './key-set.js';

describe('KeySet', () => {
  it('answers as a Set of strings does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 6 }), { maxLength: 3000 }),
        fc.array(fc.string({ maxLength: 6 })),
        (added, asked) => {
          const set = new KeySet('seed');
          const expected = new Set<string>();
          for (const key of added) {
            expect(set.add(key)).toBe(!expected.has(key));
            expected.add(key);
          }
          expect(set.size).toBe(expected.size);
          for (const key of asked) expect(set.has(key)).toBe(expected.has(key));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps three flags apart, also when it grows', () => {
    const set = new KeySet('seed');
    for (let n = 0; n < 5000; n += 1) {
      for (const flag of [1, 2, 4]) if (n % (flag + 1) === 0) expect(set.add(String(n), flag)).toBe(true);
    }
    for (let n = 0; n < 5000; n += 1) {
      for (const flag of [1, 2, 4]) expect(set.has(String(n), flag)).toBe(n % (flag + 1) === 0);
    }
    expect(set.add('0', 2)).toBe(false);
  });

  it('holds many similar keys apart', () => {
    const set = new KeySet('another seed');
    for (let n = 0; n < 200_000; n += 1) set.add(`logs/namespace-1/pod-${String(n)}/main/current`);
    expect(set.size).toBe(200_000);
    expect(set.has('logs/namespace-1/pod-200000/main/current')).toBe(false);
    expect(set.has('logs/namespace-1/pod-199999/main/current')).toBe(true);
  });
});
