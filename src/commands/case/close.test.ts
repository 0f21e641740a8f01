import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { quietIo } from '../../../test/fakes/evidence-case.js';
import { runInProcess } from '../../../test/fakes/run-in-process.js';
import { documentSchemaOf } from '../../cli/json-schemas.js';
import { openCaseStore } from '../../evidence/case-store.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { NOT_STATED } from '../../model/case.js';
import { Journal } from '../../plan/journal.js';
import CaseClose from './close.js';

let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-close-'));
  vi.stubEnv('EXHIBIT_HOME', home);
  const store = openCaseStore({ casesDirectory: join(home, 'cases'), clock: systemClock, ids: systemIds, io: quietIo });
  const input = { reference: 'r', reason: 'r', authority: NOT_STATED, operator: 'tester', hold: null } as const;
  const openCase = await store.open((await store.create(input)).caseId);
  const journal = await Journal.open({ directory: openCase.directory, clock: systemClock, actor: 'tester' });
  const target = { name: 'node worker', uids: ['u'], clusterUid: null, level: 'hold', asked: '' } as const;
  await journal.begin('p1', target, [
    {
      ...{
        step: 1,
        name: 'cordon',
        kind: 'cordon-node',
        phase: 'protect',
        reversibility: 'exact',
        undo: '',
        needs: [],
      },
      subject: { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u' },
      ...{ before: { unschedulable: false }, intended: { unschedulable: true } },
    },
  ]);
  await journal.append({ event: 'started', plan: 'p1', step: 1 });
  await journal.close();
  await openCase.release();
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const close = async (...argv: readonly string[]) =>
  await runInProcess(CaseClose, 'case:close', ['--no-input', '--json', ...argv]);

describe('a case of which something is contained', () => {
  it('is not closed by --yes, and says how to give the containment up', async () => {
    const { error } = await close('--yes');
    expect(error).toMatchObject({ code: 'RELEASE_INCOMPLETE' });
    expect(error?.hints.join('\n')).toContain('--abandon-containment p1');
  });

  it('is not closed by --abandon-containment without the plan typed or confirmed', async () => {
    const { error, stderr } = await close('--yes', '--abandon-containment', 'p1');
    expect(error).toMatchObject({ code: 'DECLINED', hints: ['Repeat the command with --confirm p1'] });
    expect(stderr).toContain('node worker: step 1 cordon of nodes worker: started');
    expect((await close('--abandon-containment', 'p1', '--confirm', 'p2')).error).toMatchObject({ code: 'DECLINED' });
  });

  it('is closed with the plan confirmed, and says what stays', async () => {
    const { stdout, error } = await close('--abandon-containment', 'p1', '--confirm', 'p1');
    expect(error).toBeNull();
    expect(documentSchemaOf('case:close').parse(JSON.parse(stdout))).toMatchObject({
      state: 'closed',
      abandoned: [{ plan: 'p1', remaining: ['step 1 cordon of nodes worker: started'] }],
    });
  });
});
