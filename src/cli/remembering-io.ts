import type { Progress } from '../ports/io.js';
import type { ClosableIo } from './terminal-io.js';

/** An Io that knows how far the work came: an interruption is told with it. */
export interface RememberingIo extends ClosableIo {
  /** The latest progress; `null` before the first. */
  lastProgress(): Progress | null;
}

export function remembering(io: ClosableIo): RememberingIo {
  let last: Progress | null = null;
  return {
    emit: (code, text, data) => {
      io.emit(code, text, data);
    },
    progress: (state) => {
      last = state;
      io.progress(state);
    },
    close: () => {
      io.close();
    },
    lastProgress: () => last,
  };
}
