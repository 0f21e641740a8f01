import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RuleSet } from '../evidence/derive/rule-set.js';
import { parseRedactionText, readRedactionRules } from './redaction-rules.js';

const templates = resolve(import.meta.dirname, '../../templates/redaction');
const HEAD = 'apiVersion: kubexhibit.dev/v1\nkind: RedactionRules\nmetadata: { name: x }\nrules:\n';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-rules-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('rules of a redaction', () => {
  it.each(readdirSync(templates))('%s is a set of rules that can be used, named as its file', async (name) => {
    const rules = await readRedactionRules(join(templates, name));
    expect(rules.metadata.name).toBe(basename(name, '.yaml'));
    expect(new RuleSet(rules).unused()).toHaveLength(rules.rules.length);
  });

  it.each([
    ['no YAML', 'a: [', 'not YAML'],
    ['a key twice', 'kind: a\nkind: b\n', 'not YAML'],
    ['an alias', 'a: &x 1\nb: *x\n', 'aliases'],
    ['nothing', '', 'top level'],
    ['an unknown key', `${HEAD}  - { id: a, paths: [data/a], remove: true, surprise: 1 }\n`, 'rules.0'],
    ['no way to redact', `${HEAD}  - { id: a, paths: [data/a] }\n`, 'one of remove'],
    ['two ways', `${HEAD}  - { id: a, paths: [data/a], remove: true, text: { match: a } }\n`, 'one of remove'],
    ['json that names nothing', `${HEAD}  - { id: a, paths: [data/a], json: {} }\n`, 'without keys'],
    [
      'an id twice',
      `${HEAD}  - { id: a, paths: [data/a], remove: true }\n  - { id: a, paths: [data/b], remove: true }\n`,
      'twice',
    ],
    ['a path outside the payload', `${HEAD}  - { id: a, paths: [meta/plan.jsonl], remove: true }\n`, 'rules.0.paths.0'],
    ['a pointer that is none', `${HEAD}  - { id: a, paths: [data/a], json: { pointers: [a] } }\n`, 'pointers'],
    ['no rule', `${HEAD}  []\n`, 'rules'],
  ])('%s is refused', (_what, text, why) => {
    expect(() => parseRedactionText('rules.yaml', text)).toThrow(
      expect.objectContaining({
        code: 'REDACTION_RULES_INVALID',
        subject: 'rules.yaml',
        message: expect.stringContaining(why) as string,
      }),
    );
  });

  it('are refused when the file is not there or too large', async () => {
    await expect(readRedactionRules(join(directory, 'none'))).rejects.toMatchObject({
      code: 'REDACTION_RULES_INVALID',
    });
    const large = join(directory, 'large.yaml');
    writeFileSync(large, '#'.repeat(300 * 1024));
    await expect(readRedactionRules(large)).rejects.toMatchObject({ message: 'the rules are larger than 256 KiB' });
  });
});
