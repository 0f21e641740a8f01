import { describe, expect, it } from 'vitest';
import type { PlanHistory, StepState } from '../../plan/plan-history.js';
import type { PhaseRecord } from './respond-state.js';
import { wasReleased } from './was-released.js';

const at = '2026-01-02T03:04:05.678Z';
const stateOf = (outcome: PhaseRecord['outcome']) => ({
  phases: [{ phase: 'protect' as const, outcome, reason: '', startedAt: at, endedAt: at }],
});
const planOf = (asked: string, state: StepState) =>
  ({ plan: 'p1', target: { asked }, begunAt: at, steps: [{ state }] }) as unknown as PlanHistory;

describe('a response that is gone on with', () => {
  it('was released when what it changed was taken back', () => {
    expect(wasReleased(stateOf('done'), 'this', [planOf('this', 'undone')])).toBe(true);
    expect(wasReleased(stateOf('partial'), 'this', [planOf('this', 'undone'), planOf('other', 'done')])).toBe(true);
  });

  it('was not when another one was, or an earlier one, or nothing was changed yet', () => {
    expect(wasReleased(stateOf('done'), 'this', [planOf('other', 'undone')])).toBe(false);
    expect(wasReleased(stateOf('done'), 'this', [planOf('this', 'undone'), planOf('this', 'done')])).toBe(false);
    expect(wasReleased(stateOf(null), 'this', [planOf('this', 'undone')])).toBe(false);
    expect(wasReleased(stateOf('failed'), 'this', [planOf('this', 'undone')])).toBe(false);
  });
});
