import { describe, expect, it } from 'vitest';
import { createBrakes, DEFAULT_BRAKES } from './brakes.js';
import { createNodeBreaker } from './node-breaker.js';

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Starts `count` turns; `leave[i]` is there once turn i was granted. */
function turns(
  enter: (index: number) => Promise<() => void>,
  count: number,
): { leave: (() => void)[]; order: number[] } {
  const state = { leave: [] as (() => void)[], order: [] as number[] };
  for (let index = 0; index < count; index += 1) {
    void enter(index).then((leave) => {
      state.leave[index] = leave;
      state.order.push(index);
    });
  }
  return state;
}

describe('brakes', () => {
  it('lets three lists and 32 streams run, two a node, first come first served', async () => {
    const brakes = createBrakes(DEFAULT_BRAKES);
    const lists = turns(() => brakes.enterList(null), 5);
    await settled();
    expect(lists.order).toEqual([0, 1, 2]);
    lists.leave[1]?.();
    lists.leave[1]?.();
    await settled();
    expect(lists.order).toEqual([0, 1, 2, 3]);

    const streams = turns((index) => brakes.enter('stream', `node${String(Math.floor(index / 3))}`, null), 60);
    await settled();
    // Of each three for a node two get in, until there are 32.
    expect(streams.order).toHaveLength(32);
    expect(streams.order).not.toContain(2);
    streams.leave[0]?.();
    await settled();
    expect(streams.order.at(-1)).toBe(2);
  });

  it('forgets who gave up waiting', async () => {
    const brakes = createBrakes({ ...DEFAULT_BRAKES, lists: 1 });
    const first = await brakes.enterList(null);
    const abort = new AbortController();
    const second = brakes.enterList(abort.signal);
    const third = brakes.enterList(null);
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: 'INTERRUPTED' });
    first();
    expect(typeof (await third)).toBe('function');
  });

  it('halves on a throttle and comes back step by step', async () => {
    const brakes = createBrakes({ ...DEFAULT_BRAKES, lists: 4 });
    brakes.throttled();
    expect(brakes.listConcurrency()).toBe(2);
    brakes.throttled();
    brakes.throttled();
    expect(brakes.listConcurrency()).toBe(1);
    const pages = turns(() => brakes.enter('list', undefined, null), 4);
    await settled();
    expect(pages.order).toHaveLength(1);
    for (let page = 0; page < 8; page += 1) expect(brakes.pageAnswered(20)).toBe(0);
    await settled();
    expect(brakes.listConcurrency()).toBe(2);
    expect(pages.order).toHaveLength(2);
    for (let page = 0; page < 100; page += 1) brakes.pageAnswered(20);
    expect(brakes.listConcurrency()).toBe(4);
  });

  it('slows down when pages take much longer than the best did, and only then', () => {
    const brakes = createBrakes(DEFAULT_BRAKES);
    expect(brakes.pageAnswered(400)).toBe(0);
    expect(brakes.pageAnswered(1500)).toBe(0);
    expect(brakes.listConcurrency()).toBe(3);
    expect(brakes.pageAnswered(1700)).toBe(1700);
    expect(brakes.listConcurrency()).toBe(2);
    expect(brakes.pageAnswered(60_000)).toBe(10_000);
    expect(brakes.listConcurrency()).toBe(1);
    const quick = createBrakes(DEFAULT_BRAKES);
    quick.pageAnswered(2);
    expect(quick.pageAnswered(99)).toBe(0);
    expect(quick.pageAnswered(101)).toBe(101);
  });

  it('begins with few streams where told to, and lets one more in for every four answered well', async () => {
    const brakes = createBrakes(DEFAULT_BRAKES, { firstStreams: 8 });
    const streams = turns((index) => brakes.enter('stream', `node${String(index)}`, null), 60);
    await settled();
    expect(streams.order).toHaveLength(8);
    brakes.callAnswered('stream', 3);
    brakes.callAnswered('stream', 24);
    brakes.callAnswered('stream', 3);
    // A small call says nothing of what a kubelet bears.
    for (let answer = 0; answer < 9; answer += 1) brakes.callAnswered('small', 3);
    await settled();
    expect(streams.order).toHaveLength(8);
    brakes.callAnswered('stream', 3);
    await settled();
    expect(streams.order).toHaveLength(9);
    for (let answer = 0; answer < 100; answer += 1) brakes.callAnswered('stream', 5);
    await settled();
    expect(brakes.streamConcurrency()).toBe(32);
    expect(streams.order).toHaveLength(32);
  });

  it.each(['small', 'stream'] as const)(
    'halves the streams when a %s call waits in a queue, never below four',
    (kind) => {
      let nowUs = 0;
      const brakes = createBrakes(DEFAULT_BRAKES, { monoUs: () => nowUs });
      brakes.callAnswered(kind, 5);
      brakes.callAnswered(kind, 25);
      expect(brakes.streamConcurrency()).toBe(32);
      brakes.callAnswered(kind, 26);
      expect(brakes.streamConcurrency()).toBe(16);
      nowUs += 499_999;
      brakes.callAnswered(kind, 400);
      expect(brakes.streamConcurrency()).toBe(16);
      for (let round = 0; round < 9; round += 1) {
        nowUs += 500_000;
        brakes.callAnswered(kind, 400);
      }
      expect(brakes.streamConcurrency()).toBe(4);
      expect(brakes.listConcurrency()).toBe(3);
      nowUs += 4_999_999;
      for (let answer = 0; answer < 9; answer += 1) brakes.callAnswered('stream', 5);
      expect(brakes.streamConcurrency()).toBe(4);
      nowUs += 1;
      for (let answer = 0; answer < 4; answer += 1) brakes.callAnswered('stream', 5);
      expect(brakes.streamConcurrency()).toBe(5);
    },
  );

  it('does not take a server that is far away for one that is slow, nor one kind of call for another', () => {
    const brakes = createBrakes(DEFAULT_BRAKES);
    brakes.callAnswered('small', 2);
    for (const afterMs of [150, 300, 600]) brakes.callAnswered('stream', afterMs);
    expect(brakes.streamConcurrency()).toBe(32);
  });

  it('keeps to a limit below the least', async () => {
    const brakes = createBrakes({ ...DEFAULT_BRAKES, streams: 1 }, { firstStreams: 8 });
    brakes.callAnswered('stream', 1);
    brakes.callAnswered('stream', 500);
    expect(brakes.streamConcurrency()).toBe(1);
    expect(typeof (await brakes.enter('stream', 'n', null))).toBe('function');
  });
});

describe('the breaker of a node', () => {
  it('opens after two strikes in a row, for a minute, for that node only', () => {
    let nowUs = 0;
    const breaker = createNodeBreaker({ nowMs: () => 0, monoUs: () => nowUs, bootId: () => 'b' });
    breaker.strike('n1');
    breaker.clear('n1');
    breaker.strike('n1');
    expect(breaker.isOpen('n1')).toBe(false);
    breaker.strike('n1');
    expect(() => {
      breaker.check('n1');
    }).toThrow(/node n1/);
    expect(breaker.isOpen('n2')).toBe(false);
    expect(breaker.isOpen(undefined)).toBe(false);
    nowUs = 60_000_000;
    expect(breaker.isOpen('n1')).toBe(false);
    breaker.strike('n1');
    expect(breaker.isOpen('n1')).toBe(true);
  });
});
