import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import { takeCaseLock } from './case-lock.js';

function directory(): string {
  return mkdtempSync(join(tmpdir(), 'lock-'));
}

function plant(path: string, holder: Readonly<Record<string, unknown>>): void {
  const whole = {
    pid: process.pid,
    bootId: systemClock.bootId(),
    startTime: null,
    at: '2026-01-01T00:00:00.000Z',
    released: false,
    ...holder,
  };
  writeFileSync(join(path, 'lock.000007'), JSON.stringify(whole));
}

describe('takeCaseLock', () => {
  it('refuses a second holder and names the first, until it is released', async () => {
    const path = directory();
    const lock = await takeCaseLock(path, systemClock);
    expect(lock.tookOver).toBeNull();
    await expect(takeCaseLock(path, systemClock)).rejects.toMatchObject({
      code: 'CASE_LOCKED',
      message: expect.stringContaining(String(process.pid)) as string,
    });
    await lock.release();
    const second = await takeCaseLock(path, systemClock);
    expect(second.tookOver).toBeNull();
    await second.release();
    expect(readdirSync(path)).toEqual(['lock.000002']);
  });

  it('respects a living process of another parent', async () => {
    const path = directory();
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    plant(path, { pid: child.pid });
    await expect(takeCaseLock(path, systemClock)).rejects.toMatchObject({ code: 'CASE_LOCKED' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await takeCaseLock(path, systemClock)).tookOver?.reason).toBe('the process no longer exists');
  });

  it.each([
    ['of another boot', { bootId: 'an earlier boot' }, 'the machine was started again since'],
    ['of a process that is gone', { pid: spawnSync('true').pid }, 'the process no longer exists'],
    [
      'of a process number that was given again',
      { startTime: '1' },
      'the process number belongs to another process now',
    ],
    ['that cannot be read', { pid: 'x' }, 'the lock cannot be read'],
  ])('takes over a lock %s', async (_, holder, reason) => {
    const path = directory();
    plant(path, holder);
    const lock = await takeCaseLock(path, systemClock);
    expect(lock.tookOver?.reason).toBe(reason);
    expect(readdirSync(path)).toEqual(['lock.000008']);
    await lock.release();
  });

  it('has one winner when many take over the same stale lock', async () => {
    for (let round = 0; round < 5; round += 1) {
      const path = directory();
      plant(path, { bootId: 'an earlier boot' });
      const tries = await Promise.allSettled(
        Array.from({ length: 12 }, async () => await takeCaseLock(path, systemClock)),
      );
      const winners = tries.filter((attempt) => attempt.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      for (const attempt of tries)
        if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ code: 'CASE_LOCKED' });
    }
  });
});
