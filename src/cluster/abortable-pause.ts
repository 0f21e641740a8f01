import { ExhibitError } from '../model/errors.js';

/** Waits; throws `INTERRUPTED` when the signal aborts first. */
export async function abortablePause(delayMs: number, signal: AbortSignal | null): Promise<void> {
  if (delayMs <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new ExhibitError('INTERRUPTED', 'Interrupted while waiting to try again.'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** One signal for two; `done` must be called when it is no longer needed, or the long-lived one would collect listeners. */
export function joinSignals(
  one: AbortSignal | undefined,
  other: AbortSignal | undefined,
): { readonly signal: AbortSignal | null; done(): void } {
  if (one === undefined || other === undefined) return { signal: one ?? other ?? null, done: () => undefined };
  const joined = new AbortController();
  const onAbort = (): void => {
    joined.abort();
  };
  if (one.aborted || other.aborted) onAbort();
  one.addEventListener('abort', onAbort, { once: true });
  other.addEventListener('abort', onAbort, { once: true });
  return {
    signal: joined.signal,
    done: () => {
      one.removeEventListener('abort', onAbort);
      other.removeEventListener('abort', onAbort);
    },
  };
}
