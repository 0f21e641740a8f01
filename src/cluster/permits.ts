import { ExhibitError } from '../model/errors.js';

interface Waiter {
  readonly key: string;
  grant(): void;
}

/** First come, first served, except that who waits for a full key does not hold up those behind. */
export interface Permits {
  /** Resolves with the function that gives the permit back (harmless twice). Throws `INTERRUPTED` when the signal aborts first. */
  acquire(key: string, signal: AbortSignal | null): Promise<() => void>;
  /** After the limit may have grown. */
  wake(): void;
}

export interface PermitLimits {
  /** Asked anew whenever somebody wants in. */
  total(): number;
  readonly perKey: number;
}

export function createPermits(limits: PermitLimits): Permits {
  const queue: Waiter[] = [];
  const held = new Map<string, number>();
  let inUse = 0;

  const release = (key: string): void => {
    inUse -= 1;
    const left = (held.get(key) ?? 1) - 1;
    if (left > 0) held.set(key, left);
    else held.delete(key);
    wake();
  };
  const wake = (): void => {
    for (let index = 0; index < queue.length && inUse < limits.total();) {
      const waiter = queue[index];
      if (waiter === undefined) return;
      if (waiter.key !== '' && (held.get(waiter.key) ?? 0) >= limits.perKey) {
        index += 1;
        continue;
      }
      queue.splice(index, 1);
      inUse += 1;
      held.set(waiter.key, (held.get(waiter.key) ?? 0) + 1);
      waiter.grant();
    }
  };
  return {
    wake,
    acquire: (key, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => {
          const index = queue.indexOf(waiter);
          if (index >= 0) queue.splice(index, 1);
          reject(new ExhibitError('INTERRUPTED', 'Interrupted while waiting for a turn.'));
        };
        const waiter: Waiter = {
          key,
          grant: () => {
            signal?.removeEventListener('abort', onAbort);
            let given = false;
            resolve(() => {
              if (given) return;
              given = true;
              release(key);
            });
          },
        };
        if (signal?.aborted === true) {
          onAbort();
          return;
        }
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.push(waiter);
        wake();
      }),
  };
}
