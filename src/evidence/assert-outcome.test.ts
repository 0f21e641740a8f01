import { describe, expect, it } from 'vitest';
import type { Outcome } from '../model/outcome.js';
import { assertOutcome } from './assert-outcome.js';

const check =
  (outcome: Outcome, { payload, proof }: { payload: boolean; proof: boolean }) =>
  () => {
    assertOutcome({ artifact: 'a', outcome, proof: proof ? { status: 404 } : {} }, payload);
  };

describe('an outcome before it is recorded', () => {
  it.each<[Outcome, boolean, boolean]>([
    ['collected', true, false],
    ['partial', true, false],
    ['empty', false, true],
    ['empty', true, true],
    ['absent', false, true],
    ['denied', false, false],
    ['skipped', false, false],
    ['failed', false, false],
    ['failed', true, false],
  ])('may be %s (payload: %s, proof: %s)', (outcome, payload, proof) => {
    expect(check(outcome, { payload, proof })).not.toThrow();
  });

  it.each<[Outcome, boolean, boolean, string]>([
    ['collected', false, true, 'without a payload'],
    ['partial', false, true, 'without a payload'],
    ['absent', true, true, 'has a payload'],
    ['denied', true, true, 'has a payload'],
    ['skipped', true, true, 'has a payload'],
    ['empty', false, false, 'without a proof'],
    ['absent', false, false, 'without a proof'],
  ])('is not %s (payload: %s, proof: %s)', (outcome, payload, proof, words) => {
    expect(check(outcome, { payload, proof })).toThrow(words);
  });
});
