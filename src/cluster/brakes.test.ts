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
    expect(quick.pageAnswered(499)).toBe(0);
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
