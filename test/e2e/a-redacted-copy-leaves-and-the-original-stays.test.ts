import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from './exhibit.js';

const user = new User();
const out = join(user.directory, 'out');
/** Collected with the sensitivity `secret`: a copy holds none of them whole without somebody saying so. */
const SECRET_LISTS = [
  'data/cluster/lists/apps.v1.*/**',
  'data/cluster/lists/batch.v1.*/**',
  'data/cluster/lists/core.v1.configmaps/**',
  'data/cluster/lists/core.v1.podtemplates/**',
  'data/cluster/lists/core.v1.replicationcontrollers/**',
  'data/cluster/lists/quiet.exhibit.test.v1.widgets/**',
];
let archive: string;

const rulesFile = (name: string, rules: string): string => {
  const path = join(user.directory, name);
  const head = 'apiVersion: kubexhibit.dev/v1\nkind: RedactionRules\nmetadata: { name: test }\nrules:\n';
  writeFileSync(path, head + rules);
  return path;
};

beforeAll(async () => {
  mkdirSync(out, { mode: 0o700 });
  const drill = await user.json('drill', 'run', '--sandbox');
  archive = String(drill.document['archivePath']);
});

afterAll(() => {
  user.remove();
});

describe('a redacted copy', () => {
  it('is sealed into another case, searched and exported; the case of the drill is closed', async () => {
    const before = readFileSync(archive);
    const { document: opened } = await user.json('case', 'open', '--reference', 'copy', '--reason', 'for the vendor');
    const rules = rulesFile(
      'rules.yaml',
      `  - { id: names, paths: ['data/cluster/lists/core.v1.pods/page-*.json'], json: { pointers: [/items/*/metadata/name] } }
  - { id: nodes, paths: ['data/nodes/**'], remove: true }
  - { id: secrets, paths: [${SECRET_LISTS.map((path) => `'${path}'`).join(', ')}], remove: true }
`,
    );
    const args = ['derive', archive, '--redact', rules, '--output', out, '--case', String(opened['caseId'])];
    const ended = await user.run(...args);
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.stringContaining('is a redacted copy of')]);
    expect(ended.stdout).toContain('a redacted copy of');
    const [copy] = readdirSync(out).filter((name) => name.endsWith('.tar.gz'));
    const verified = await user.json('verify', join(out, copy ?? ''));
    expect(verified.document).toMatchObject({ verdict: 'VERIFIED_PARTIAL' });
    expect(String(verified.document['line'])).toContain('a redacted copy of');
    const shown = await user.run('show', join(out, copy ?? ''));
    const original = await user.json('show', archive);
    const { containerSha256, statement } = original.document as {
      containerSha256: string;
      statement: { exhibitId: string };
    };
    expect(shown.stdout).toMatch(new RegExp(`^redacted copy: +of ${statement.exhibitId}; \\d+ redactions`, 'm'));
    expect(shown.stdout).toContain(`and archive sha256 ${containerSha256}`);
    expect((await user.run('show', archive)).stdout).not.toContain('redacted copy');
    const page = execFileSync('tar', [
      '-xzOf',
      join(out, copy ?? ''),
      '--wildcards',
      '*/core.v1.pods/page-0001.json',
    ]).toString('utf8');
    const names = (JSON.parse(page) as { items: { metadata: { name: string } }[] }).items.map(
      ({ metadata }) => metadata.name,
    );
    expect(new Set(names)).toEqual(new Set(['[redacted]']));
    expect(readFileSync(archive).equals(before)).toBe(true);
    const custody = await user.json('custody', 'verify', archive);
    expect(custody.exitCode).toBe(0);
  });

  it('is refused when not exactly so many findings are left as were accepted', async () => {
    const { document: opened } = await user.json('case', 'open', '--reference', 'copy', '--reason', 'for the vendor');
    const rules = rulesFile('few.yaml', `  - { id: nodes, paths: ['data/nodes/**'], remove: true }\n`);
    const wrong = await user.run(
      'derive',
      archive,
      '--redact',
      rules,
      '--case',
      String(opened['caseId']),
      '--accept-findings',
      '9999',
    );
    expect([wrong.exitCode, wrong.stdout]).toEqual([5, '']);
    expect(wrong.stderr).toContain('REDACTION_INCOMPLETE');
    expect(wrong.stderr).toContain('item marked secret: data/cluster/lists/core.v1.configmaps/page-0001.json');
  });
});
