import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryTable, TableBudget, TooMuchForThisPage, type Entry } from './entry-table.js';

const NO_LIMITS = { maxEntries: 1e9, maxBytes: 1e9 };

function tableOf(entries: readonly Entry[]): EntryTable {
  const table = new EntryTable(new TableBudget(NO_LIMITS));
  for (const { key, value } of entries) table.add(key, value);
  return table;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\0', '\u00e4', '\uffee', '\u{1f600}'), maxLength: 6 });

describe('EntryTable', () => {
  it('gives entries back in the order of arrival, and sorted bytewise and stably', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ key: text, value: fc.string({ maxLength: 3 }) })), (entries) => {
        const table = tableOf(entries);
        expect(entries.map((_, index) => table.at(index))).toEqual(entries);
        expect(table.at(entries.length)).toBeNull();
        const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
        expect([...table.sorted()]).toEqual(sorted);
      }),
    );
  });

  it('keeps entries of any size over many chunks', () => {
    const entries = Array.from({ length: 5000 }, (_, index) => ({
      key: `k${String(index)}`,
      value: 'v'.repeat(index % 997 === 0 ? 1_500_000 : index % 700),
    }));
    const table = tableOf(entries);
    expect(table.count).toBe(5000);
    expect(entries.every((entry, index) => table.at(index)?.value === entry.value)).toBe(true);
  });

  it.each([
    ['entries', { maxEntries: 10, maxBytes: 1e9 }],
    ['bytes', { maxEntries: 1e9, maxBytes: 40 }],
  ])('shares a limit of %s with other tables', (_what, limits) => {
    const budget = new TableBudget(limits);
    const [first, second] = [new EntryTable(budget), new EntryTable(budget)];
    for (let index = 0; index < 5; index += 1) first.add('key', 'v');
    for (let index = 0; index < 5; index += 1) second.add('key', 'v');
    expect(() => {
      second.add('key', 'v');
    }).toThrow(TooMuchForThisPage);
  });
});
