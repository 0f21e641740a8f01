import { expect, it } from 'vitest';
import type { ClusterStep } from '../../model/action.js';
import { type Authority, NOT_STATED } from '../../model/case.js';
import { foreseeLimits } from './foresee-limits.js';

const limited = (limits: object): Authority => ({ by: 'b', at: '2026-01-01T00:00:00Z', ground: 'g', limits });
const stepOf = (step: number, name: string, namespace: string | null, object: string): ClusterStep => ({
  ...{ step, name, kind: 'annotate', phase: 'protect', reversibility: 'exact', undo: '', needs: [] },
  subject: {
    group: '',
    version: 'v1',
    resource: namespace === null ? 'nodes' : 'pods',
    namespace,
    name: object,
    uid: 'u',
  },
  ...{ before: null, intended: null },
});
const STEPS = [
  stepOf(1, 'annotate-node', null, 'worker'),
  stepOf(2, 'annotate-pod', 'shop', 'cart'),
  stepOf(3, 'cordon', null, 'worker'),
];

it('says what is changed of a node where the authority is for namespaces', () => {
  expect(foreseeLimits(STEPS, limited({ namespaces: ['shop', 'bank'] })).sideEffects).toEqual([
    'nodes worker is of no namespace, and the authority names shop, bank: changed of it: annotate-node, cordon',
  ]);
});

it('says nothing where nothing of a node is changed, or no namespace is a limit', () => {
  expect(foreseeLimits(STEPS.slice(1, 2), limited({ namespaces: ['shop'] })).sideEffects).toEqual([]);
  expect(foreseeLimits(STEPS, limited({ nodes: ['worker'] })).sideEffects).toEqual([]);
  expect(foreseeLimits(STEPS, NOT_STATED).sideEffects).toEqual([]);
});
