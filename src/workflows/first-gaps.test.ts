import { expect, it } from 'vitest';
import type { OutcomeRecord } from '../model/outcome.js';
import { FirstGaps } from './first-gaps.js';

const gap = (artifact: string): OutcomeRecord => ({
  artifact,
  collector: 'x',
  required: true,
  outcome: 'denied',
  reason: 'forbidden',
  detail: '',
  proof: {},
  attempts: 1,
  at: '2026-01-01T00:00:00.000Z',
});

const key = (index: number): string => `x/${String(index).padStart(4, '0')}`;

it('shows the same gaps in the same order, whichever ended first', () => {
  const keys = Array.from({ length: 333 }, (_, index) => key(index));
  const shown = [keys, keys.toReversed(), keys.toSorted((a, b) => (a.at(-1) ?? '').localeCompare(b.at(-1) ?? ''))].map(
    (order) => {
      const gaps = new FirstGaps();
      for (const artifact of order) gaps.add(gap(artifact));
      expect(gaps.total).toBe(333);
      return gaps.first.map(({ artifact }) => artifact);
    },
  );
  expect(shown[0]).toEqual(keys.slice(0, 50));
  expect(shown[1]).toEqual(shown[0]);
  expect(shown[2]).toEqual(shown[0]);
});
