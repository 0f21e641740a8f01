import { describe, expect, it } from 'vitest';
import type { PlannedStep } from '../../model/action.js';
import { earlySteps } from './containment.js';

type Part = readonly [name: string, phase: PlannedStep['phase']];

const PROTECT: readonly Part[] = [
  ['cordon', 'protect'],
  ['pin', 'protect'],
];
const CONTAIN: readonly Part[] = [
  ['deny-policy', 'contain'],
  ['detach', 'contain'],
];
const SEVER: readonly Part[] = [['metadata-service', 'contain']];

function planOf(...parts: readonly Part[]): { readonly steps: readonly PlannedStep[] } {
  const subject = { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'cart', uid: 'u1' };
  const rest = { before: null, intended: null, reversibility: 'exact', undo: '', needs: [] } as const;
  const steps = parts.map(([name, phase], at) => ({
    ...{ step: at + 1, name, phase, kind: 'pin-pod' as const, subject },
    ...rest,
  }));
  return { steps };
}

describe('what a response does before it reads', () => {
  it('is what protects', () => {
    const plan = planOf(...PROTECT, ...CONTAIN);
    expect(earlySteps(plan, { order: 'preserve-first', level: 'hold' })).toBe(2);
    expect(earlySteps(planOf(...PROTECT), { order: 'preserve-first', level: 'hold' })).toBe(2);
    expect(earlySteps(planOf(...CONTAIN), { order: 'preserve-first', level: 'hold' })).toBe(0);
    expect(earlySteps(planOf(), { order: 'preserve-first', level: 'hold' })).toBe(0);
  });

  it('is everything where containment comes first, but for what severs', () => {
    const plan = planOf(...CONTAIN, ...PROTECT);
    expect(earlySteps(plan, { order: 'contain-first', level: 'isolate' })).toBe(4);
    const severing = planOf(...CONTAIN, ...PROTECT, ...SEVER);
    expect(earlySteps(severing, { order: 'contain-first', level: 'sever' })).toBe(4);
    expect(earlySteps(planOf(...CONTAIN, ...SEVER), { order: 'contain-first', level: 'sever' })).toBe(2);
  });
});
