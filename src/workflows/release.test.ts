import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../../test/fakes/fake-cluster.js';
import { json, listOf, status } from '../../test/fakes/fake-cluster-world.js';
import type { PlannedStep } from '../model/action.js';
import type { PlanHistory } from '../plan/plan-history.js';
import type { StepReport } from '../plan/step-report.js';
import { policiesAfterRelease } from './policies-after-release.js';
import { plansToRelease } from './release.js';
import { releaseRisks } from './release-risks.js';

const KEY = 'kubexhibit.dev/quarantine';
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'cart', uid: 'u-pod' };
const DETACH: PlannedStep = {
  ...{ step: 2, name: 'detach', kind: 'detach-pod', phase: 'contain', subject: POD, reversibility: 'compensated' },
  ...{ before: { [KEY]: null, app: 'cart' }, intended: { [KEY]: 'k7m2p9', app: null }, undo: '', needs: [] },
};
const PIN: PlannedStep = { ...DETACH, step: 1, name: 'pin', kind: 'pin-pod', before: null, intended: null };
const planOf = (state: 'done' | 'undone'): PlanHistory => ({
  ...{ plan: 'p1', begunAt: '2026-01-01T00:00:00Z' },
  target: { name: 'pod shop/cart', uids: [], clusterUid: null, level: 'hold', asked: '' },
  steps: [PIN, DETACH].map((planned) => ({
    ...{ planned, state, mayHaveChanged: state === 'done', why: null, detail: '' },
  })),
});
const ALL = { readopt: false, only: null, forced: [] };

describe('what a release may cost', () => {
  it('is nothing where no controller finds a pod again and no pin is forced', () => {
    expect(releaseRisks([planOf('done')], ALL)).toEqual([]);
    expect(releaseRisks([planOf('done')], { ...ALL, only: [1], readopt: true })).toEqual([]);
    expect(releaseRisks([planOf('done')], { ...ALL, forced: [2] })).toEqual([]);
  });

  it('is a pod that its controller deletes, or that its lost node takes along', () => {
    const [adopted, unpinned] = releaseRisks([planOf('done')], { ...ALL, readopt: true, forced: [1] });
    expect(adopted).toContain('pods shop/cart again may have a pod too many and delete it');
    expect(unpinned).toContain('pods shop/cart may be deleted once no longer pinned');
  });
});

describe('labels that an earlier release kept back', () => {
  it('are given back of a plan that is named, which is hinted at', () => {
    const again = { ...ALL, readopt: true, plan: null };
    const refused = expect.objectContaining({
      code: 'NOTHING_TO_RELEASE',
      hints: expect.arrayContaining(['exhibit release --readopt --plan p1']) as unknown,
    }) as Error;
    expect(() => plansToRelease([planOf('undone')], again)).toThrow(refused);
    expect(plansToRelease([planOf('undone')], { ...again, plan: 'p1' })).toHaveLength(1);
  });
});

describe('a suspect that was given back', () => {
  const report: StepReport = { planned: DETACH, outcome: 'undone', why: null, detail: '', now: null };
  const policy = (name: string, matchLabels: object, policyTypes: string[]) => ({
    metadata: { name },
    spec: { podSelector: { matchLabels }, policyTypes },
  });
  const said = async (
    policies: readonly object[],
    { uid = 'u-pod', labels = {} }: { uid?: string; labels?: object } = {},
  ) =>
    await policiesAfterRelease(
      [report],
      new FakeCluster(({ path }) =>
        path.endsWith('/networkpolicies') ? listOf(policies) : json({ metadata: { name: 'cart', uid, labels } }),
      ),
    );

  it('is named when a policy of others no longer selects it, with what is open then', async () => {
    const both = await said([policy('cart-deny', { app: 'cart' }, ['Ingress', 'Egress'])]);
    expect(both).toHaveLength(2);
    expect(both[0]).toContain('pods shop/cart: policy cart-deny does not select it');
    expect(both[1]).toContain('no policy restricts its ingress and egress');
    const one = await said([
      policy('cart-deny', { app: 'cart' }, ['Ingress', 'Egress']),
      policy('all', {}, ['Ingress']),
    ]);
    expect(one[1]).toContain('no policy restricts its egress');
  });

  it('is not named when nothing changed for it, its labels are back, or it is another pod', async () => {
    expect(await said([policy('all', {}, ['Ingress']), policy('other', { app: 'x' }, ['Egress'])])).toEqual([]);
    const cart = [policy('cart-deny', { app: 'cart' }, ['Ingress'])];
    expect(await said(cart, { labels: { app: 'cart' } })).toEqual([]);
    expect(await said(cart, { uid: 'u-other' })).toEqual([]);
  });

  it('is named when its policies may not be read', async () => {
    const forbidden = new FakeCluster(() => status(403, 'no'));
    expect(await policiesAfterRelease([report], forbidden)).toEqual([
      'pods shop/cart: which policies hold for it now could not be read',
    ]);
    const other: StepReport = { ...report, outcome: 'undo-failed' };
    expect(await policiesAfterRelease([other], forbidden)).toEqual([]);
  });
});
