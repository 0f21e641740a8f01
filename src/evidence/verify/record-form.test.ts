import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asciiJson, parseAsciiJson } from '../../lib/ascii-json.js';
import { itemRecordSchema, planRecordSchema } from '../../model/artifact.js';
import { custodyEntrySchema } from '../../model/custody-entry.js';
import { instantSchema } from '../../model/instant.js';
import { outcomeRecordSchema } from '../../model/outcome.js';
import { clockRecordSchema, requestRecordSchema } from '../../model/request.js';
import { recordForm } from './record-form.js';

const SHA256 = 'ab'.repeat(32);
const AT = '2026-01-02T03:04:05.678Z';
const plan = { artifact: 'logs/a', collector: 'logs', required: true, source: '/api', plannedAt: AT };
const outcome = {
  artifact: 'logs/a',
  collector: 'logs',
  required: true,
  outcome: 'collected',
  reason: 'complete',
  detail: 'all, as said',
  proof: { status: 200, whole: true, kind: 'eof' },
  attempts: 1,
  at: AT,
};
const custody = {
  seq: 1,
  prev: SHA256,
  at: AT,
  monoUs: 0,
  bootId: 'b',
  actor: 'me',
  event: 'item',
  path: 'data/a',
  sha256: SHA256,
  sizeBytes: 7,
};
const item = {
  path: 'data/a',
  artifact: 'logs/a',
  subject: { podUid: 'u', restartCount: { before: 0, after: null } },
  vantage: 'api',
  sha256: SHA256,
  sizeBytes: 7,
  part: { n: 1, of: 2, wholeSha256: SHA256, wholeSizeBytes: 9 },
  collector: 'logs',
  source: { uri: '/api', argv: ['a', 'b'], method: 'GET', status: 200 },
  firstByteAt: AT,
  lastByteAt: null,
  outcome: 'collected',
  rereadSha256: SHA256,
  sourceChanged: null,
  derivedFrom: [],
  sensitivity: 'normal',
};
const RECORDS: readonly (readonly [string, z.ZodType, object])[] = [
  ['plan', planRecordSchema, plan],
  ['outcome', outcomeRecordSchema, outcome],
  ['custody', custodyEntrySchema, custody],
  ['item', itemRecordSchema, item],
];

/** The full check, which decides. */
function checked(schema: z.ZodType, line: string): unknown {
  const value = parseAsciiJson(line);
  return value === undefined ? undefined : schema.safeParse(value).data;
}

const TOKENS = ['"', ',', ':', '{', '}', '[', ']', ' ', '\\', '0', '-', '1.5', '1e3', '9'.repeat(16), 'null', '\u00e9'];
const MEMBERS = [
  '"path":"x"',
  '"status":1',
  '"seq":1',
  '"podUid":"v"',
  '"1":2',
  '"__proto__":1',
  '"a":{"b":1}',
  '"n":0',
];

describe.each(RECORDS)('the form of a record: %s', (_name, schema, record) => {
  const form = recordForm(schema);
  const line = asciiJson(record);

  it('is recognized', () => {
    expect(form?.(line)).toEqual(record);
  });

  it('accepts nothing but what the full check accepts, with the same value', () => {
    const edit = fc.record({
      at: fc.nat(line.length),
      drop: fc.nat(12),
      insert: fc.constantFrom('', ...TOKENS, ...MEMBERS, ...MEMBERS.map((member) => `,${member}`)),
    });
    const edited = fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
      let text = line;
      for (const { at, drop, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + drop);
      return text;
    });
    fc.assert(
      fc.property(edited, (text) => {
        const found = form?.(text);
        if (found !== undefined) expect(found).toEqual(checked(schema, text));
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts no edit at a boundary that the full check refuses', () => {
    const boundaries = [...line.matchAll(/[{}[\],:"]/g)].map(({ index }) => index);
    for (const at of boundaries) {
      for (const insert of [...TOKENS, ...MEMBERS, ...MEMBERS.map((member) => `,${member}`)]) {
        for (const text of [
          line.slice(0, at) + insert + line.slice(at),
          line.slice(0, at) + insert + line.slice(at + 1),
        ]) {
          const found = form?.(text);
          if (found !== undefined) expect(found).toEqual(checked(schema, text));
        }
      }
    }
  });
});

describe('recordForm', () => {
  it('knows every record that an archive has many of', () => {
    expect(recordForm(requestRecordSchema)).not.toBeNull();
    expect(recordForm(clockRecordSchema)).not.toBeNull();
  });

  it.each([
    ['a repeated key', z.record(z.string(), z.int()), '{"a":1,"a":1}'],
    ['a repeated further key', z.looseObject({ a: z.int() }), '{"a":1,"b":1,"b":2}'],
    ['a key of its own again', z.looseObject({ a: z.int() }), '{"a":1,"a":2}'],
    ['a comma too many', z.strictObject({ a: z.int() }), '{,"a":1}'],
    ['a comma at the end', z.looseObject({ a: z.int() }), '{"a":1,}'],
    ['a comma too few', z.strictObject({ a: z.int(), b: z.int() }), '{"a":1"b":2}'],
    ['minus zero', z.strictObject({ a: z.int() }), '{"a":-0}'],
    ['2^53', z.strictObject({ a: z.int() }), '{"a":9007199254740992}'],
    ['less than 1', z.strictObject({ a: z.int().min(1) }), '{"a":0}'],
    ['less than 0', z.strictObject({ a: z.int().min(0) }), '{"a":-1}'],
    ['what its pattern does not match', z.strictObject({ a: instantSchema }), '{"a":"2026-01-02T03:04:05.67Z"}'],
    ['an escape that is not needed', z.strictObject({ a: z.string() }), String.raw`{"a":"\u0041"}`],
    ['bytes beyond ASCII', z.strictObject({ a: z.string() }), '{"a":"\u00e9"}'],
    ['a control character', z.strictObject({ a: z.string() }), '{"a":"\u007f"}'],
    ['an index as a key, which engines put first', z.record(z.string(), z.int()), '{"b":1,"1":1}'],
  ])('does not recognize %s', (_what, schema, line) => {
    const form = recordForm<unknown>(schema);
    expect(form).not.toBeNull();
    expect(form?.(line)).toBeUndefined();
  });

  it.each([
    ['any object', z.record(z.string(), z.unknown())],
    ['an object that drops members', z.object({ a: z.int() })],
    ['a number', z.strictObject({ a: z.number() })],
    ['a format', z.strictObject({ a: z.uuid() })],
    ['a pattern that could match a quote', z.strictObject({ a: z.string().regex(/^.$/) })],
    ['a pattern that is not anchored', z.strictObject({ a: z.string().regex(/a/) })],
    ['a pattern that captures', z.strictObject({ a: z.string().regex(/^(a)$/) })],
    ['a pattern without case', z.strictObject({ a: z.string().regex(/^[a-z]{3}$/i) })],
    ['a length', z.strictObject({ a: z.string().min(3) })],
    ['a bound', z.strictObject({ a: z.int().max(3) })],
    ['a condition', z.strictObject({ a: z.boolean() }).refine(({ a }) => a)],
    ['a condition on a choice', z.strictObject({ a: z.enum(['x', 'y']).refine((a) => a === 'x') })],
    ['a conversion', z.strictObject({ a: z.string().transform(Number) })],
    ['a default', z.strictObject({ a: z.string().default('x') })],
  ])('leaves %s to the full check', (_what, schema) => {
    expect(recordForm<unknown>(schema)).toBeNull();
  });

  it('leaves long lines to the full check', () => {
    const form = recordForm(planRecordSchema);
    expect(form?.(asciiJson({ ...plan, source: 'x'.repeat(3000) }))).toBeDefined();
    expect(form?.(asciiJson({ ...plan, source: 'x'.repeat(4096) }))).toBeUndefined();
  });
});
