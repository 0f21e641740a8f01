import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { quietIo } from '../../test/fakes/evidence-case.js';
import { type CaseStore, openCaseStore } from '../evidence/case-store.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { NOT_STATED } from '../model/case.js';
import { Journal } from '../plan/journal.js';
import { closeCase } from './close-case.js';
import { heldByJournals } from './held-by-journals.js';

let casesDirectory: string;
let store: CaseStore;
let caseId: string;
let directory: string;
beforeEach(async () => {
  casesDirectory = mkdtempSync(join(tmpdir(), 'exhibit-held-'));
  store = openCaseStore({ casesDirectory, clock: systemClock, ids: systemIds, io: quietIo });
  const input = { reference: 'r', reason: 'r', authority: NOT_STATED, operator: 'tester', hold: null } as const;
  ({ caseId } = await store.create(input));
  directory = join(casesDirectory, caseId);
});
afterEach(() => {
  rmSync(casesDirectory, { recursive: true, force: true });
});

async function cordon(): Promise<Journal> {
  const journal = await Journal.open({ directory, clock: systemClock, actor: 'tester' });
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
  return journal;
}

const seen = async (asked: string | null = caseId) => await heldByJournals(store, { casesDirectory, caseId: asked });
const HELD = { object: 'nodes worker: step 1 cordon', by: 'journal', plan: 'p1' };

it('is nothing of a case that contained nothing, and of a plan that was not begun', async () => {
  expect(await seen()).toEqual({ held: [], unread: [] });
  await (await cordon()).close();
  expect(await seen()).toEqual({ held: [], unread: [] });
});

it('is what was begun and not taken back, also while somebody writes in it', async () => {
  const journal = await cordon();
  await journal.append({ event: 'started', plan: 'p1', step: 1 });
  expect((await seen()).held).toEqual([{ ...HELD, caseToken: caseId }]);
  expect((await seen(null)).held).toHaveLength(1);
  expect((await seen('another')).held).toEqual([]);
  await journal.append({ event: 'undo-started', plan: 'p1', step: 1, aim: null });
  await journal.append({ event: 'undone', plan: 'p1', step: 1, how: 'applied', after: null, auditIds: [] });
  await journal.close();
  expect(await seen()).toEqual({ held: [], unread: [] });
});

it('is not known of a journal that is damaged', async () => {
  await (await cordon()).close();
  appendFileSync(join(directory, 'journal.jsonl'), '{"seq":9}\n');
  expect(await seen()).toEqual({ held: [], unread: [{ resource: `journal of case ${caseId}`, reason: 'damaged' }] });
});

it('is named of a case that was closed with it', async () => {
  const journal = await cordon();
  await journal.append({ event: 'started', plan: 'p1', step: 1 });
  await journal.close();
  await closeCase(caseId, { store, clock: systemClock }, ['p1']);
  expect((await seen()).held).toEqual([{ ...HELD, caseToken: caseId, abandoned: true }]);
  expect((await seen(null)).held).toHaveLength(1);
});
