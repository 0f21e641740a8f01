import { setMaxListeners } from 'node:events';
import { ERROR_TABLE, ExhibitError } from '../model/errors.js';

export interface Interruption {
  readonly signal: AbortSignal;
  /** The error that a run ends with once it was interrupted, else `null`. */
  reason(): ExhibitError | null;
  dispose(): void;
}

export interface InterruptionOptions {
  /** Called once, at the first signal. */
  readonly onSoft: (name: 'SIGINT' | 'SIGTERM') => void;
  /** Called at the second signal, just before the process ends. */
  readonly onHard: () => void;
  readonly exit: (code: number) => void;
  /** The command that goes on after an interruption. */
  readonly goOn?: string;
}

const CODES = { SIGINT: 'INTERRUPTED', SIGTERM: 'TERMINATED' } as const;

/**
 * The first SIGINT or SIGTERM aborts the signal with `INTERRUPTED` or `TERMINATED`; the second ends the process at once with the same
 * exit code. Own handlers, because oclif runs neither catch nor finally when the process dies of a signal.
 */
export function listenForInterruption(options: InterruptionOptions): Interruption {
  const controller = new AbortController();
  // Every request and stream under way listens; the brakes bound them, not this number.
  setMaxListeners(0, controller.signal);
  let reason: ExhibitError | null = null;
  const handle = (name: 'SIGINT' | 'SIGTERM'): void => {
    const code = CODES[name];
    if (reason !== null) {
      options.onHard();
      options.exit(ERROR_TABLE[code].exitCode);
      return;
    }
    reason = new ExhibitError(code, ERROR_TABLE[code].meaning, {
      hints: [options.goOn ?? 'exhibit resume'],
      retryable: true,
      safe: 'Everything that was committed before the signal.',
    });
    options.onSoft(name);
    controller.abort(reason);
  };
  const onInterrupt = (): void => {
    handle('SIGINT');
  };
  const onTerminate = (): void => {
    handle('SIGTERM');
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return {
    signal: controller.signal,
    reason: () => reason,
    dispose: () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    },
  };
}
