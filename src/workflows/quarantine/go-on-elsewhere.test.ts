import { expect, it } from 'vitest';
import { FakeActuator } from '../../../test/fakes/fake-actuator.js';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { json } from '../../../test/fakes/fake-cluster-world.js';
import type { PlannedStep } from '../../model/action.js';
import { NOT_STATED } from '../../model/case.js';
import { systemClock } from '../../lib/clock.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { prepareQuarantine } from './prepare-quarantine.js';
import type { QuarantineRequest } from './quarantine-request.js';

const REQUEST: QuarantineRequest = {
  ...{ target: 'pod', names: ['shop/cart'], skip: [], maxNodes: 1, allowedNodes: [] },
  suspects: [{ by: 'name', namespace: 'shop', name: 'cart' }],
};

const CORDON: PlannedStep = {
  ...{ step: 1, name: 'cordon', kind: 'cordon-node', phase: 'protect', reversibility: 'exact', undo: '', needs: [] },
  subject: { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u-node' },
  ...{ before: { unschedulable: false }, intended: { unschedulable: true } },
};

async function goOn(here: string, planned: string | null) {
  const { target, names, suspects, skip } = REQUEST;
  const asked = asciiJson({ target, names, suspects, skip });
  const reader = new FakeCluster(() => json({ metadata: { name: 'kube-system', uid: here } }));
  return await prepareQuarantine(REQUEST, {
    ...{ reader, actuator: new FakeActuator().actuator, signal: new AbortController().signal },
    ...{ own: { host: 'a', bootId: 'b' }, clock: systemClock, authority: NOT_STATED, caseToken: 'k7m2p9', plan: 'p2' },
    earlier: [
      {
        ...{ plan: 'p1', begunAt: '2026-01-01T00:00:00Z' },
        steps: [{ planned: CORDON, state: 'planned', mayHaveChanged: false, why: null, detail: '' }],
        target: { name: 'pod shop/cart', uids: [], clusterUid: planned, level: 'hold', asked },
      },
    ],
  });
}

it('does not go on with a plan on another cluster', async () => {
  await expect(goOn('cluster-2', 'cluster-1')).rejects.toMatchObject({
    code: 'TARGET_REPLACED',
    message: 'plan p1 is about cluster cluster-1; this is cluster-2',
  });
});

it('goes on where the cluster is the same, or was never known', async () => {
  await expect(goOn('cluster-1', 'cluster-1')).resolves.toMatchObject({ plan: 'p1', isResumed: true });
  await expect(goOn('cluster-1', null)).resolves.toMatchObject({ plan: 'p1', isResumed: true });
});
