import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedSpill } from './sorted-spill.js';

const directory = mkdtempSync(join(tmpdir(), 'spill-'));

function sorted(entries: readonly (readonly [string, string])[]): string[] {
  return entries
    .map(([key, value], index) => ({ key: Buffer.from(key), text: `${key}=${value}`, index }))
    .sort((a, b) => Buffer.compare(a.key, b.key) || a.index - b.index)
    .map(({ text }) => text);
}

async function drained(spill: SortedSpill): Promise<string[]> {
  const texts: string[] = [];
  for await (const { key, value } of spill.drain()) texts.push(`${key}=${value}`);
  spill.dispose();
  return texts;
}

describe('SortedSpill', () => {
  it('sorts bytewise and stably, from memory and through files alike', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text), { maxLength: 200 }),
        fc.constantFrom(1, 300, 4000, 1_000_000),
        async (entries, maxMemoryBytes) => {
          const spill = new SortedSpill({ directory, maxMemoryBytes });
          for (const [key, value] of entries) spill.add(key, value);
          expect(spill.count).toBe(entries.length);
          expect(await drained(spill)).toEqual(sorted(entries));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps entries longer than its buffers, and more runs than it may keep open', async () => {
    const entries = Array.from(
      { length: 300 },
      (_, n) => [String((n * 7919) % 300).padStart(4, '0'), 'v'.repeat(n % 50 === 0 ? 1_500_000 : n)] as const,
    );
    const spill = new SortedSpill({ directory, maxMemoryBytes: 1 });
    for (const [key, value] of entries) spill.add(key, value);
    expect(await drained(spill)).toEqual(sorted(entries));
  });

  it('leaves no file behind, not even while it is in use', () => {
    const spill = new SortedSpill({ directory, maxMemoryBytes: 10 });
    for (let n = 0; n < 10; n += 1) spill.add(String(n), 'value');
    expect(readdirSync(directory)).toEqual([]);
    spill.dispose();
    spill.dispose();
  });

  it('reports a directory it cannot write to', () => {
    const spill = new SortedSpill({ directory: join(directory, 'missing'), maxMemoryBytes: 1 });
    expect(() => {
      spill.add('key', 'value');
    }).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }));
  });
});
