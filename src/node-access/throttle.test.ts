import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BURST_BYTES, Throttle } from './throttle.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Milliseconds that passing so many bytes takes. */
async function timeOf(throttle: Throttle, sizeBytes: number, signal?: AbortSignal): Promise<number> {
  const before = performance.now();
  const passing = throttle.pass(sizeBytes, signal);
  await vi.runAllTimersAsync();
  await passing;
  return performance.now() - before;
}

describe('the throttle', () => {
  it('lets a burst pass at once, and then so many bytes a second', async () => {
    const throttle = new Throttle(1_000_000);
    expect(await timeOf(throttle, BURST_BYTES)).toBe(0);
    expect(Math.round(await timeOf(throttle, 2_000_000))).toBe(2000);
  });

  it('takes a share of it while it is told to, and the whole again after', async () => {
    const throttle = new Throttle(1_000_000);
    await timeOf(throttle, BURST_BYTES);
    throttle.slowTo(0.1);
    expect(Math.round(await timeOf(throttle, 100_000))).toBe(1000);
    throttle.slowTo(1);
    expect(Math.round(await timeOf(throttle, 100_000))).toBe(100);
  });

  it('never holds back where there is no limit', async () => {
    const throttle = new Throttle(null);
    throttle.slowTo(0.1);
    expect(await timeOf(throttle, Number.MAX_SAFE_INTEGER)).toBe(0);
    expect([throttle.limited, throttle.bytesPerSecond]).toEqual([false, Infinity]);
  });

  it('stops waiting when it is told to', async () => {
    const throttle = new Throttle(1);
    await expect(throttle.pass(BURST_BYTES + 1_000_000, AbortSignal.abort())).resolves.toBeUndefined();
  });
});
