import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { quietIo } from '../../test/fakes/evidence-case.js';
import { openCaseStore, type CaseStore, type NewCase } from '../evidence/case-store.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { NOT_STATED } from '../model/case.js';
import { Journal } from '../plan/journal.js';
import { closeCase } from './close-case.js';

const NEW_CASE: NewCase = { reference: 'r', reason: 'r', authority: NOT_STATED, operator: 'tester', hold: null };

let casesDirectory: string;
let store: CaseStore;
beforeEach(() => {
  casesDirectory = mkdtempSync(join(tmpdir(), 'exhibit-close-'));
  store = openCaseStore({ casesDirectory, clock: systemClock, ids: systemIds, io: quietIo });
});
afterEach(() => {
  rmSync(casesDirectory, { recursive: true, force: true });
});

async function contained(caseId: string): Promise<void> {
  const openCase = await store.open(caseId);
  const journal = await Journal.open({ directory: openCase.directory, clock: systemClock, actor: 'tester' });
  const target = { name: 'node worker', uids: ['u'], clusterUid: null, level: 'hold', asked: '' } as const;
  const subject = { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u' };
  const states = { before: { unschedulable: false }, intended: { unschedulable: true } };
  await journal.begin('p1', target, [
    {
      step: 1,
      name: 'cordon',
      kind: 'cordon-node',
      phase: 'protect',
      subject,
      ...states,
      reversibility: 'exact',
      undo: '',
      needs: [],
    },
  ]);
  await journal.append({ event: 'started', plan: 'p1', step: 1 });
  await journal.close();
  await openCase.release();
}

async function released(caseId: string): Promise<void> {
  const openCase = await store.open(caseId);
  const journal = await Journal.open({ directory: openCase.directory, clock: systemClock, actor: 'tester' });
  await journal.append({ event: 'undo-started', plan: 'p1', step: 1, aim: null });
  await journal.append({ event: 'undone', plan: 'p1', step: 1, how: 'applied', after: null, auditIds: [] });
  await journal.close();
  await openCase.release();
}

it('is refused while something is contained, since a closed case could never release it', async () => {
  const { caseId } = await store.create(NEW_CASE);
  await contained(caseId);
  const deps = { store, clock: systemClock };
  await expect(closeCase(caseId, deps)).rejects.toMatchObject({
    code: 'RELEASE_INCOMPLETE',
    message: 'a containment of the case is still there: cordon of nodes worker',
    hints: [`exhibit release --case ${caseId}`],
  });
  expect(await store.current()).toBe(caseId);
  await released(caseId);
  expect(await closeCase(caseId, deps)).toMatchObject({ state: 'closed' });
});

it('closes a case that contained nothing', async () => {
  const { caseId } = await store.create(NEW_CASE);
  expect(await closeCase(caseId, { store, clock: systemClock })).toMatchObject({ state: 'closed' });
});
