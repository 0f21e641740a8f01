import { setTimeout as wait } from 'node:timers/promises';
import { interrupted } from '../interrupted.js';

/** Waits so many milliseconds. Throws `INTERRUPTED` when the run ends first. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0) return;
  try {
    await wait(delayMs, undefined, { signal });
  } catch (cause) {
    throw interrupted(cause);
  }
}
