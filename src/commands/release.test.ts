import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { quietIo } from '../../test/fakes/evidence-case.js';
import { runInProcess } from '../../test/fakes/run-in-process.js';
import { openCaseStore } from '../evidence/case-store.js';
import { systemClock, systemIds } from '../lib/clock.js';
import type { PlannedStep } from '../model/action.js';
import { NOT_STATED } from '../model/case.js';
import { Journal } from '../plan/journal.js';
import Release from './release.js';

const KEY = 'kubexhibit.dev/quarantine';
const DETACH: PlannedStep = {
  ...{
    step: 1,
    name: 'detach',
    kind: 'detach-pod',
    phase: 'contain',
    reversibility: 'compensated',
    undo: '',
    needs: [],
  },
  subject: { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'cart', uid: 'u' },
  before: { [KEY]: null, app: 'cart' },
  intended: { [KEY]: 'k7m2p9', app: null },
};

let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-release-'));
  vi.stubEnv('EXHIBIT_HOME', home);
  const store = openCaseStore({ casesDirectory: join(home, 'cases'), clock: systemClock, ids: systemIds, io: quietIo });
  const input = { reference: 'r', reason: 'r', authority: NOT_STATED, operator: 'tester', hold: null } as const;
  const openCase = await store.open((await store.create(input)).caseId);
  const journal = await Journal.open({ directory: openCase.directory, clock: systemClock, actor: 'tester' });
  const target = { name: 'pod shop/cart', uids: ['u'], clusterUid: null, level: 'hold', asked: '' } as const;
  const pin: PlannedStep = { ...DETACH, step: 2, name: 'pin', kind: 'pin-pod', before: null, intended: null };
  await journal.begin('p1', target, [DETACH, pin]);
  for (const step of [1, 2]) await journal.append({ event: 'started', plan: 'p1', step });
  await journal.close();
  await openCase.release();
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const question = async (...flags: readonly string[]) =>
  (await runInProcess(Release, 'release', ['--no-input', ...flags])).error;

it('asks with the pods that may be lost by it', async () => {
  const plain = await question();
  expect(plain).toMatchObject({ code: 'DECLINED' });
  expect(plain?.message).toMatch(/What was done to pod shop\/cart is taken back\.$/);
  expect((await question('--readopt'))?.message).toContain(
    'pods shop/cart again may have a pod too many and delete it',
  );
  expect((await question('--force-step', '2'))?.message).toContain('may be deleted once no longer pinned');
});

it('tells them to whoever answered beforehand', async () => {
  vi.stubEnv('KUBECONFIG', join(home, 'none'));
  const { stderr } = await runInProcess(Release, 'release', ['--yes', '--readopt']);
  expect(stderr).toContain('may have a pod too many and delete it');
});
