import { expect, it } from 'vitest';
import type { PlannedStep } from '../../model/action.js';
import { isKeptOut } from './kept-out.js';
import type { Suspect } from './read-scene.js';

const TAINT = { key: 'kubexhibit.dev/quarantine', value: 'k7m2p9', effect: 'NoSchedule' } as const;
const OURS: PlannedStep = {
  ...{ step: 1, name: 'taint', kind: 'taint-node', phase: 'protect', reversibility: 'exact', undo: '', needs: [] },
  subject: { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u-node' },
  ...{ before: { ...TAINT, value: null }, intended: TAINT },
};
const suspectOf = (tolerations: readonly object[], kind: Suspect['kind'] = 'daemonset'): Suspect => ({
  ...{ namespace: 'shop', name: 'agent', uid: 'u', node: 'worker', kind, owner: null, ownerSelector: undefined },
  ...{ services: [], moreServices: 0, selectorKeys: [], object: { spec: { tolerations } } },
});
const nodes = (...taints: readonly object[]) => ({
  nodes: [{ name: 'worker', uid: 'u-node', object: { spec: { taints } } }],
});
const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

it.each<[string, readonly object[], boolean]>([
  ['nothing', [], true],
  ['everything', [{ operator: 'Exists' }], false],
  ['every taint of another effect', [{ operator: 'Exists', effect: 'NoExecute' }], true],
  ['our key', [{ key: TAINT.key, operator: 'Exists' }], false],
  ['our key with another value', [{ key: TAINT.key, value: 'other' }], true],
  ['our key and value', [{ ...TAINT, operator: 'Equal' }], false],
  ['another key', [{ key: 'other', operator: 'Exists' }], true],
  ['no key by value', [{ operator: 'Equal', value: TAINT.value }], true],
])('a DaemonSet whose pods tolerate %s is kept out by our taint: %j', (_, tolerations, isKept) => {
  expect(isKeptOut(suspectOf(tolerations), nodes(), [OURS])).toBe(isKept);
  expect(isKeptOut(suspectOf(tolerations), nodes(TAINT), [])).toBe(isKept);
  expect(isKeptOut(suspectOf(tolerations, 'deployment'), nodes(TAINT), [OURS])).toBe(false);
});

it('neither a cordon, nor a preference, nor the taint of another node keeps it out', () => {
  const cordoned = suspectOf([{ ...UNSCHEDULABLE, operator: 'Exists' }]);
  expect(isKeptOut(cordoned, nodes(UNSCHEDULABLE), [])).toBe(false);
  expect(isKeptOut(cordoned, nodes({ ...TAINT, effect: 'PreferNoSchedule' }), [])).toBe(false);
  expect(isKeptOut({ ...cordoned, node: 'other' }, nodes(TAINT), [])).toBe(false);
});
