import { describe, expect, it } from 'vitest';
import { renderLiveView } from './live-view.js';
import { presentRespond, respondNotice } from './present-respond.js';

type Document = Parameters<typeof presentRespond>[0];

const AT = { startedAt: '2026-01-02T03:04:05.000Z', endedAt: '2026-01-02T03:04:06.500Z' };
const DONE = { phase: 'protect', outcome: 'done', reason: '5 of 5 steps', ...AT } as const;
const WHOLE: Document = {
  ...{ case: 'k7m2p9', exhibitId: 'k7m2p9-x0001', target: 'pod shop/cart', confirmedAt: AT.startedAt, collected: null },
  phases: [DONE],
  containment: { plan: 'abc234', verdict: 'partly', reasons: ['policy web-allow'], steps: [], replacements: [] },
  sealed: { archivePath: '/cases/my case/x.tar.gz', receiptPath: '/cases/r.json', gaps: 0 },
};
const SHORT: Document = {
  ...WHOLE,
  phases: [DONE, { phase: 'contain', outcome: 'failed', reason: 'TARGET_GONE: no', ...AT }],
  ...{ containment: null, sealed: null },
};

describe('the end of a response', () => {
  it('has the verdict, a line for each phase, and the commands that come next', () => {
    const text = presentRespond(WHOLE);
    expect(text).toMatch(/protect +done +1\.5 s +5 of 5 steps/);
    expect(text).toMatch(/containment: +partly/);
    expect(text).toContain("exhibit verify '/cases/my case/x.tar.gz' --receipt /cases/r.json");
    expect(text).toContain('exhibit release --plan abc234');
    expect(respondNotice(WHOLE)).toBeNull();
  });

  it('says what fell short, and by which command it is made up for', () => {
    expect(presentRespond(SHORT)).toContain('Not sealed. Next: exhibit seal');
    expect(presentRespond(SHORT)).toMatch(/containment: +NONE/);
    expect(respondNotice(SHORT)).toMatchObject({
      ...{ code: 'RESPOND_PARTIAL', exitCode: 3 },
      message: 'these phases fell short: contain (failed)',
      hints: ['exhibit quarantine pod shop/cart', 'exhibit seal'],
    });
  });
});

it('a live view says what the reading is a part of, and no more than the terminal is wide', () => {
  const progress = { phase: 'collect V1', done: 1, total: 2, bytes: 0, current: [], gaps: 0, lastError: null };
  const state = { elapsedMs: 0, doneAtStart: 0, bytesAtStart: 0, losing: [] };
  const within = 'response: volatile; contains in 240 s at the latest';
  const lines = renderLiveView({ ...state, progress: { ...progress, within } }, 40);
  expect(lines).toEqual(['response: volatile; contains in 240 ...', 'collect V1  1/2  0 B']);
  expect(renderLiveView({ ...state, progress }, 40)).toHaveLength(1);
});
