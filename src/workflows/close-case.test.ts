import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietIo } from '../../test/fakes/evidence-case.js';
import { openCaseStore, type CaseStore, type NewCase } from '../evidence/case-store.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { NOT_STATED } from '../model/case.js';
import { Journal } from '../plan/journal.js';
import { closeCase, containmentsToAbandon } from './close-case.js';

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
    hints: [
      `exhibit release --case ${caseId}`,
      `Where its cluster is gone for good: exhibit case close ${caseId} --abandon-containment p1`,
    ],
  });
  expect(await store.current()).toBe(caseId);
  await released(caseId);
  expect(await closeCase(caseId, deps)).toMatchObject({ state: 'closed' });
});

it('closes a case that contained nothing', async () => {
  const { caseId } = await store.create(NEW_CASE);
  expect(await closeCase(caseId, { store, clock: systemClock })).toMatchObject({ state: 'closed' });
});

describe('a case whose cluster is gone', () => {
  const deps = () => ({ store, clock: systemClock });
  const REMAINS = {
    plan: 'p1',
    target: 'node worker',
    remaining: ['step 1 cordon of nodes worker: started'],
    moreRemaining: 0,
  };
  const recorded = (caseId: string) =>
    readFileSync(join(casesDirectory, caseId, 'case.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('is closed, and its record names every step that remains', async () => {
    const { caseId } = await store.create(NEW_CASE);
    await contained(caseId);
    expect(await containmentsToAbandon(caseId, ['p1'], deps())).toEqual([REMAINS]);
    expect(await closeCase(caseId, deps(), ['p1'])).toMatchObject({ state: 'closed' });
    expect(recorded(caseId).slice(-2)).toMatchObject([
      { event: 'containment-abandoned', ...REMAINS },
      { event: 'case-closed' },
    ]);
    // The record is read again by whoever lists cases.
    expect(await store.list()).toMatchObject([{ caseId, state: 'closed' }]);
  });

  it('is not closed by the name of another plan, and nothing is recorded', async () => {
    const { caseId } = await store.create(NEW_CASE);
    await contained(caseId);
    await expect(containmentsToAbandon(caseId, ['p2'], deps())).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(closeCase(caseId, deps(), ['p2'])).rejects.toMatchObject({ code: 'RELEASE_INCOMPLETE' });
    expect(await store.current()).toBe(caseId);
    expect(recorded(caseId).map(({ event }) => event)).not.toContain('containment-abandoned');
  });

  it('has nothing to abandon once it was released', async () => {
    const { caseId } = await store.create(NEW_CASE);
    await contained(caseId);
    await released(caseId);
    await expect(containmentsToAbandon(caseId, ['p1'], deps())).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('with an open exhibit abandons nothing', async () => {
    const { caseId } = await store.create(NEW_CASE);
    await contained(caseId);
    const openCase = await store.open(caseId);
    await (await openCase.openExhibit({ kind: 'incident' })).close();
    await openCase.release();
    await expect(closeCase(caseId, deps(), ['p1'])).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(recorded(caseId).map(({ event }) => event)).not.toContain('containment-abandoned');
  });
});
