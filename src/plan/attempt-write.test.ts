import { describe, expect, it } from 'vitest';
import { attemptWrite, type Writing } from './attempt-write.js';
import type { Observed } from './observed.js';
import type { WriteAnswer } from './step-driver.js';

const CONFLICT: WriteAnswer = { auditIds: ['a'], outcome: 'refused', detail: 'conflict', mayPass: true };
const LOST: WriteAnswer = { auditIds: ['a'], outcome: 'unknown', detail: 'cut' };
const DONE: WriteAnswer = { auditIds: ['a'], outcome: 'done' };
const throttled = (retryAfterMs: number | null): WriteAnswer => ({
  ...{ auditIds: ['a'], outcome: 'refused', detail: 'slow down', mayPass: true, retryAfterMs },
});
const there = (view: unknown): Observed => ({ state: 'there', view, at: null });

/** A subject that is right when `kept` says so of the number of the write; the answers come in their order, the last one for ever. */
function subject(answers: readonly WriteAnswer[], kept: (writes: number) => boolean) {
  const waited: number[] = [];
  const seen = { writes: 0, reads: 0 };
  let isRight = false;
  const writing: Writing = {
    read: async () => {
      await Promise.resolve();
      seen.reads += 1;
      return there(isRight);
    },
    judge: () =>
      isRight
        ? { is: 'right' }
        : {
            is: 'to-be-written',
            write: async () => {
              await Promise.resolve();
              const answer = answers[Math.min(seen.writes, answers.length - 1)] ?? DONE;
              seen.writes += 1;
              isRight = kept(seen.writes);
              return answer;
            },
          },
    tools: { pause: async (ms) => await Promise.resolve(waited.push(ms)) },
  };
  return { writing, waited, seen };
}

describe('another try of a change', () => {
  it('needs no pause where the first one is read back', async () => {
    const { writing, waited, seen } = subject([LOST], () => true);
    expect(await attemptWrite(writing)).toMatchObject({ why: null, wrote: true });
    expect(waited).toEqual([]);
    expect(seen).toEqual({ writes: 1, reads: 2 });
  });

  it('waits twice as long each time, looks again before it writes, and ends', async () => {
    const { writing, waited, seen } = subject([CONFLICT], () => false);
    expect(await attemptWrite(writing)).toMatchObject({ why: 'not-kept', detail: 'conflict', wrote: false });
    expect(waited).toEqual([100, 200, 400, 800]);
    expect(seen.writes).toBe(5);
  });

  it('does not write over what became right while it waited', async () => {
    const { writing, seen } = subject([CONFLICT], () => false);
    let isThere = false;
    const judge: Writing['judge'] = (observed) => (isThere ? { is: 'right' } : writing.judge(observed));
    const pause = async () => {
      await Promise.resolve();
      isThere = true;
    };
    expect(await attemptWrite({ ...writing, judge, tools: { pause } })).toMatchObject({ why: null, wrote: false });
    expect(seen.writes).toBe(1);
  });

  it('waits as long as the server asks, and no longer than a minute in all', async () => {
    const short = subject([throttled(2_000)], (writes) => writes === 2);
    expect(await attemptWrite(short.writing)).toMatchObject({ why: null });
    expect(short.waited).toEqual([2_000]);
    const none = subject([throttled(null)], (writes) => writes === 2);
    await attemptWrite(none.writing);
    expect(none.waited).toEqual([100]);
    const long = subject([throttled(86_400_000)], () => false);
    expect(await attemptWrite(long.writing)).toMatchObject({ why: 'not-kept', detail: 'slow down' });
    expect(long.waited).toEqual([30_000, 30_000]);
  });

  it('is not made after an interruption: what the subject is then is still looked at', async () => {
    const abort = new AbortController();
    const { writing, seen } = subject([LOST], () => false);
    const pending = attemptWrite({ ...writing, tools: { signal: abort.signal } });
    abort.abort();
    expect(await pending).toMatchObject({ why: 'not-kept', detail: 'the answer was lost: cut', wrote: true });
    expect(seen).toEqual({ writes: 1, reads: 3 });
  });
});
