import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeBag } from '../../../test/fakes/archive-builder.js';
import { itemRecordSchema } from '../../model/artifact.js';
import { custodyEntrySchema } from '../../model/custody-entry.js';
import { statementSchema } from '../../model/exhibit.js';
import { outcomeRecordSchema } from '../../model/outcome.js';
import { shapeTest, type RecordSchema } from './record-schema.js';
import { recordSchemas } from './record-schemas.js';

const schemas = recordSchemas();
const { files } = makeBag({ outcomes: [{ artifact: 'log/gone', outcome: 'denied', required: true }] });

function lines(path: string): unknown[] {
  const text = files.get(path)?.toString('latin1').trimEnd() ?? '';
  return text.split('\n').map((line) => JSON.parse(line) as unknown);
}

const KINDS = [
  { name: 'statement', schema: statementSchema, shape: schemas.statement, samples: lines('meta/exhibit.json') },
  { name: 'custody', schema: custodyEntrySchema, shape: schemas.custody, samples: lines('custody/acquisition.jsonl') },
  { name: 'items', schema: itemRecordSchema, shape: schemas.items, samples: lines('meta/items.jsonl') },
  { name: 'outcomes', schema: outcomeRecordSchema, shape: schemas.outcomes, samples: lines('meta/outcomes.jsonl') },
] as const;

const leaf = fc.oneof(
  fc.constantFrom('', 'a', 'not stated', 'drill', '0'.repeat(64), '2026-01-02T03:04:05.678Z', null, true, {}, []),
  fc.constantFrom(-1, 0, 1, 1.5, 2 ** 53, Number.MAX_SAFE_INTEGER),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Every place of a value, as the keys that lead there. */
function places(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => places(inner).map((path) => [key, ...path]))];
}

function changed(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  const entries = Object.entries(value as object);
  const inner = entries.map(([name, member]): [string, unknown] => [
    name,
    name === key ? changed(member, rest, to) : member,
  ]);
  if (to === undefined && rest.length === 0) return Object.fromEntries(entries.filter(([name]) => name !== key));
  return Array.isArray(value) ? inner.map(([, member]) => member) : Object.fromEntries(inner);
}

describe.each(KINDS)('the shape of $name', ({ schema, shape, samples }) => {
  const test = shapeTest(shape);
  const sample = fc.constantFrom(...samples);

  it('accepts what the program writes', () => {
    for (const one of samples) expect(test(one)).toBe(true);
  });

  it('agrees with the schema of the program on records with one thing changed, added or left out', () => {
    fc.assert(
      fc.property(sample, fc.nat(), fc.oneof(leaf, fc.constant(undefined)), fc.boolean(), (one, at, to, isAdded) => {
        const all = places(one);
        const path = all[at % all.length] ?? [];
        const other = isAdded
          ? { ...(one as object), [path.at(-1) ?? 'extra']: to ?? 1, more: to ?? 1 }
          : changed(one, path, to);
        expect(test(other)).toBe(schema.safeParse(other).success);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('shapeTest', () => {
  it('knows nothing of words that it does not check', () => {
    const unknown = { type: 'string', format: 'email' } as RecordSchema;
    expect(() => shapeTest({ type: 'object', properties: { a: unknown } })).toThrow(TypeError);
    expect(() => shapeTest({ type: 'float' })).toThrow(TypeError);
  });

  it('refuses a member named __proto__ where others are refused', () => {
    const parsed: unknown = JSON.parse('{"a":1,"__proto__":1}');
    const schema = z.strictObject({ a: z.int() });
    expect([shapeTest(z.toJSONSchema(schema) as RecordSchema)(parsed), schema.safeParse(parsed).success]).toEqual([
      false,
      false,
    ]);
  });
});
