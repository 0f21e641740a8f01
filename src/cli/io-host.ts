import type { Clock } from '../ports/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Environment } from './environment.js';
import { JsonlIo, openEventFile } from './jsonl-io.js';
import { type ClosableIo, TerminalIo, type Verbosity } from './terminal-io.js';

export interface IoHostOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly verbosity: Verbosity;
  /** The value of --events: `jsonl` (to stderr, instead of the text) or `jsonl=FILE` (beside it). */
  readonly events: string | undefined;
  readonly writeStderr: (text: string) => void;
}

function both(first: ClosableIo, second: ClosableIo): ClosableIo {
  return {
    emit: (code, text, data) => {
      first.emit(code, text, data);
      second.emit(code, text, data);
    },
    progress: (state) => {
      first.progress(state);
      second.progress(state);
    },
    close: () => {
      first.close();
      second.close();
    },
  };
}

/** The way out for messages and progress, as the flags ask for it. Throws `USAGE_INVALID` for an --events that cannot be used. */
export function openIo(options: IoHostOptions): ClosableIo {
  const { environment, clock, verbosity, events, writeStderr } = options;
  if (events === 'jsonl') return new JsonlIo({ clock, write: writeStderr, close: () => undefined });
  const terminal = new TerminalIo({
    write: writeStderr,
    clock,
    verbosity,
    live: environment.stderrIsTerminal && environment.variables['TERM'] !== 'dumb',
    colour: environment.colour,
    columns: () => (process.stderr.isTTY ? process.stderr.columns : environment.columns),
  });
  if (events === undefined) return terminal;
  const file = /^jsonl=(.+)$/s.exec(events)?.[1];
  if (file === undefined) {
    throw new ExhibitError('USAGE_INVALID', '--events takes jsonl or jsonl=FILE.', { subject: events });
  }
  return both(terminal, new JsonlIo({ clock, ...openEventFile(file) }));
}
