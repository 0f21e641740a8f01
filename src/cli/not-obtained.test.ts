import { describe, expect, it } from 'vitest';
import { emptyOutcomeCounts } from '../model/outcome.js';
import { gapNotice } from './gap-notice.js';
import { notRequiredText } from './not-obtained.js';

const outcomes = { ...emptyOutcomeCounts(), collected: 67, failed: 71, partial: 4, empty: 4 };

describe('what was not obtained', () => {
  it('is told apart: gaps, and what was not required', () => {
    expect(notRequiredText({ ...emptyOutcomeCounts(), partial: 4 }, 0)).toMatch(/^4 partial \(no gap/);
    expect(notRequiredText(outcomes, 69)).toMatch(/^6 of 4 partial, 71 failed \(no gap/);
    expect(notRequiredText({ ...emptyOutcomeCounts(), denied: 2 }, 2)).toBeNull();
  });

  it('is counted with how many of it were required', () => {
    expect(gapNotice({ outcomes, gapsTotal: 69, hints: ['exhibit seal'] })).toMatchObject({
      code: 'COLLECT_PARTIAL',
      message: 'not everything was obtained: 4 partial, 71 failed; 69 of these 75 were required',
      hints: ['exhibit seal'],
    });
    expect(gapNotice({ outcomes: emptyOutcomeCounts(), gapsTotal: 0, hints: [] }).message).toContain('no payload');
  });
});
