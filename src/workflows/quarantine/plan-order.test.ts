import { describe, expect, it } from 'vitest';
import { actionKindOf } from '../../plan/action-kinds.js';
import { labelsAfter } from './plan-objects.js';
import { planSteps } from './plan-steps.js';
import type { Suspect } from './read-scene.js';

const TOKEN = 'k7m2p9';
const KEY = 'kubexhibit.dev/quarantine';
const TOLERATION = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', tolerationSeconds: 300 };

const suspectOf = (name: string, labels: Readonly<Record<string, string>>): Suspect => ({
  ...{ namespace: 'shop', name, uid: `u-${name}`, node: 'worker', kind: 'replicaset', owner: null },
  object: { metadata: { labels }, spec: { tolerations: [TOLERATION] } },
  ownerSelector: { matchLabels: labels },
  ...{ services: [], moreServices: 0, selectorKeys: Object.keys(labels).sort() },
});
const planOf = (suspects: readonly Suspect[]) =>
  planSteps(
    { target: 'node', skip: [] },
    {
      scene: { clusterUid: 'c', nodes: [{ name: 'worker', uid: 'u', object: {} }], suspects, policies: new Map() },
      machines: [],
    },
    { caseToken: TOKEN, plan: 'p1', deniedBefore: '' },
  );

describe('the steps of a plan', () => {
  it('keep autoscalers away from node and pods before the node is closed, and pin before they contain', () => {
    expect(planOf([suspectOf('a', { app: 'x' }), suspectOf('b', { app: 'x' })]).map(({ name }) => name)).toEqual([
      ...['annotate-node', 'annotate-pod', 'annotate-pod', 'cordon', 'taint', 'pin', 'pin'],
      ...['deny-policy', 'detach', 'detach'],
    ]);
  });

  it.each([{ [KEY]: 'x' }, { [KEY]: 'x', app: 'web' }, { app: 'web', [KEY]: '' }])(
    'leave our label on a suspect that bears it, and is found by it: %j',
    (labels) => {
      const suspect = suspectOf('a', labels);
      const detach = planOf([suspect]).find(({ name }) => name === 'detach');
      expect(detach?.intended).toHaveProperty([KEY], TOKEN);
      const kind = actionKindOf('detach-pod');
      const patch = kind.makes ? null : kind.patch(suspect.object, detach?.intended);
      expect(patch).toHaveProperty(['patch', 'metadata', 'labels', KEY], TOKEN);
      expect(labelsAfter(suspect, TOKEN)).toEqual({ [KEY]: TOKEN });
      const undone = kind.makes
        ? null
        : kind.undone({ before: detach?.before, intended: detach?.intended }, { readopt: false });
      expect(undone).toHaveProperty([KEY], labels[KEY]);
    },
  );
});
