import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import type { PlannedStep } from '../model/action.js';
import { Journal } from './journal.js';

const TARGET = { name: 'node worker', uids: ['u'], clusterUid: 'c', level: 'hold', asked: '' } as const;
const STEP: PlannedStep = {
  step: 1,
  name: 'cordon',
  kind: 'cordon-node',
  phase: 'protect',
  subject: { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u' },
  before: { unschedulable: false },
  intended: { unschedulable: true },
  reversibility: 'exact',
  undo: 'lets pods in again',
  needs: [],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-journal-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const open = async () => await Journal.open({ directory, clock: systemClock, actor: 'tester' });
const path = () => join(directory, 'journal.jsonl');

describe('the journal of a case', () => {
  it('knows a plan and its steps when it is opened again', async () => {
    const journal = await open();
    await journal.begin('p1', TARGET, [STEP, { ...STEP, step: 2, needs: [1] }]);
    await journal.append({ event: 'started', plan: 'p1', step: 1 });
    await journal.close();
    const again = await open();
    expect(again.plans).toMatchObject([
      { plan: 'p1', target: TARGET, steps: [{ state: 'started', mayHaveChanged: true }, { state: 'planned' }] },
    ]);
    await again.close();
  });

  it('counts no plan of which not every step was written down', async () => {
    const journal = await open();
    await journal.append({ event: 'plan-begun', plan: 'p1', target: TARGET });
    await journal.append({ event: 'step-planned', plan: 'p1', planned: STEP });
    expect(journal.plans).toEqual([]);
    await expect(journal.append({ event: 'started', plan: 'p1', step: 1 })).rejects.toMatchObject({ code: 'INTERNAL' });
    await journal.close();
  });

  it('survives a line that was torn, and keeps its bytes', async () => {
    const journal = await open();
    await journal.begin('p1', TARGET, [STEP]);
    await journal.close();
    appendFileSync(path(), '{"seq":4,"prev":"');
    const again = await open();
    expect(again.plans).toHaveLength(1);
    await again.close();
    const last = readFileSync(path(), 'utf8').trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({
      event: 'interrupted',
      tornB64: Buffer.from('{"seq":4,"prev":"').toString('base64'),
    });
  });

  it.each([
    ['"unschedulable":false', '"unschedulable":true'],
    ['"event":"plan-ready"', '"event":"plan-begun"'],
    ['"steps":1', '"steps":2'],
  ])('refuses one in which %s was changed', async (from, to) => {
    const journal = await open();
    await journal.begin('p1', TARGET, [STEP]);
    await journal.append({ event: 'started', plan: 'p1', step: 1 });
    await journal.close();
    writeFileSync(path(), readFileSync(path(), 'utf8').replace(from, to));
    await expect(open()).rejects.toMatchObject({ code: 'CASE_CORRUPT' });
  });

  it('refuses a history that cannot have happened', async () => {
    const journal = await open();
    await journal.begin('p1', TARGET, [STEP]);
    const end = { plan: 'p1', step: 1, how: 'applied', after: null, auditIds: [] } as const;
    await expect(journal.append({ event: 'done', ...end })).rejects.toThrow('a step that is planned cannot be done');
    await expect(journal.append({ event: 'undone', ...end })).rejects.toThrow('cannot be undone');
    await expect(journal.begin('p1', TARGET, [])).rejects.toThrow('for the second time');
    await expect(journal.begin('p2', TARGET, [{ ...STEP, step: 2 }])).rejects.toThrow('out of its order');
    await expect(journal.begin('p3', TARGET, [{ ...STEP, needs: [1] }])).rejects.toThrow('one that comes later');
    await journal.close();
  });
});
