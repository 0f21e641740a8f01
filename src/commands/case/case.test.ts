import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { documentSchemaOf } from '../../cli/json-schemas.js';
import { runInProcess } from '../../../test/fakes/run-in-process.js';
import CaseClose from './close.js';
import CaseList from './list.js';
import CaseOpen from './open.js';
import CaseShow from './show.js';
import CaseUse from './use.js';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-case-'));
  vi.stubEnv('EXHIBIT_HOME', home);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function open(...argv: string[]): Promise<string> {
  const { stdout } = await runInProcess(CaseOpen, 'case:open', ['--json', '--quiet', ...argv]);
  return (documentSchemaOf('case:open').parse(JSON.parse(stdout)) as { caseId: string }).caseId;
}

describe('case open', () => {
  it('records authority and limits, and prints a document of its schema', async () => {
    const { stdout, stderr } = await runInProcess(CaseOpen, 'case:open', [
      '--json',
      '--reason',
      'miner',
      '--authority-by',
      'Judge Roe',
      '--authority-ground',
      '4 Gs 17/26',
      '--limit',
      'namespace=shop',
      '--limit',
      'namespace=pay',
      '--limit',
      'until=2030-01-01T00:00:00+01:00',
    ]);
    const shown = documentSchemaOf('case:open').parse(JSON.parse(stdout));
    expect(shown).toMatchObject({
      schema: 'exhibit-case-open/1',
      inUse: true,
      authority: { by: 'Judge Roe', limits: { namespaces: ['shop', 'pay'], notAfter: '2029-12-31T23:00:00.000Z' } },
    });
    expect(stderr).not.toContain('not stated');
  });

  it('warns of what was not stated, on stderr only', async () => {
    const { stdout, stderr, report } = await runInProcess(CaseOpen, 'case:open', []);
    expect(stderr).toContain('reason and authority');
    expect(stdout).toContain('Next: exhibit collect');
    expect(report?.exitCode).toBe(0);
  });

  it.each([
    ['half an authority', ['--authority-by', 'x']],
    ['a limit without an authority', ['--limit', 'node=a']],
    ['an unknown limit', ['--authority-by', 'x', '--authority-ground', 'y', '--limit', 'pod=a']],
    [
      'a time without a zone',
      ['--authority-by', 'x', '--authority-ground', 'y', '--limit', 'until=2030-01-01T00:00:00'],
    ],
    ['an argument', ['k7m2p9']],
  ])('refuses %s with exit 2 and opens nothing', async (_what, argv) => {
    expect((await runInProcess(CaseOpen, 'case:open', argv)).error).toMatchObject({
      code: 'USAGE_INVALID',
      exitCode: 2,
    });
    expect((await runInProcess(CaseList, 'case:list', ['-o', 'name'])).stdout).toBe('');
  });
});

describe('case list', () => {
  it('lists every case and marks the one in use', async () => {
    const first = await open('--reference', 'INC-1');
    const second = await open('--reference', 'INC-2');
    const { stdout } = await runInProcess(CaseList, 'case:list', ['--json']);
    const { cases } = documentSchemaOf('case:list').parse(JSON.parse(stdout)) as {
      cases: { caseId: string; inUse: boolean }[];
    };
    expect(new Set(cases.map(({ caseId }) => caseId))).toEqual(new Set([first, second]));
    expect(cases.filter(({ inUse }) => inUse).map(({ caseId }) => caseId)).toEqual([second]);
    expect((await runInProcess(CaseList, 'case:list', ['-o', 'wide'])).stdout).toContain('INC-1');
  });

  it('prints nothing on stdout but the empty list when there is none', async () => {
    expect((await runInProcess(CaseList, 'case:list', [])).stdout).toBe('');
    expect(JSON.parse((await runInProcess(CaseList, 'case:list', ['--json'])).stdout)).toMatchObject({ cases: [] });
  });
});

describe('case show, use and close', () => {
  it('select by argument, by --case, by EXHIBIT_CASE, then the one in use', async () => {
    const first = await open();
    const second = await open();
    const shown = async (...argv: string[]): Promise<string> =>
      (JSON.parse((await runInProcess(CaseShow, 'case:show', ['--json', ...argv])).stdout) as { caseId: string })
        .caseId;
    expect(await shown()).toBe(second);
    await runInProcess(CaseUse, 'case:use', [first]);
    expect(await shown()).toBe(first);
    vi.stubEnv('EXHIBIT_CASE', second);
    expect(await shown()).toBe(second);
    expect(await shown('--case', first)).toBe(first);
    expect(await shown(second, '--case', first)).toBe(second);
  });

  it.each(['nosuchcase', '../../etc', ''])('refuse the case %j', async (name) => {
    await open();
    expect((await runInProcess(CaseShow, 'case:show', [name])).error).toMatchObject({
      code: 'CASE_INVALID',
      exitCode: 2,
    });
    expect((await runInProcess(CaseUse, 'case:use', [name])).error?.exitCode).toBe(2);
  });

  it('close asks, and nobody to answer means no', async () => {
    const caseId = await open();
    expect((await runInProcess(CaseClose, 'case:close', ['--no-input'])).error).toMatchObject({
      code: 'DECLINED',
      exitCode: 5,
    });
    const closed = await runInProcess(CaseClose, 'case:close', ['--yes', '--json']);
    expect(documentSchemaOf('case:close').parse(JSON.parse(closed.stdout))).toMatchObject({ caseId, state: 'closed' });
    expect((await runInProcess(CaseShow, 'case:show', [])).error).toMatchObject({ code: 'CASE_INVALID' });
    expect((await runInProcess(CaseShow, 'case:show', [caseId])).stdout).toContain(`${caseId} (closed)`);
  });
});
