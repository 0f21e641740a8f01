import { closeSync, openSync, writeSync } from 'node:fs';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { toRfc3339 } from '../lib/clock.js';
import { type Message, MESSAGE_TABLE, type MessageCode } from '../model/message.js';
import type { Clock } from '../ports/clock.js';
import type { Progress } from '../ports/io.js';
import type { ClosableIo } from './terminal-io.js';

export interface JsonlOptions {
  readonly clock: Clock;
  /** Receives whole lines. */
  readonly write: (line: string) => void;
  readonly close: () => void;
}

const PROGRESS_INTERVAL_US = 1_000_000;

/** JSON in ASCII: a line is one line for every reader, whatever a name of the cluster holds. Throws for what JSON cannot hold. */
function lineOf(value: unknown): string {
  const text = JSON.stringify(value);
  return `${text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Streams every message as `{"type":"message",...}` and progress, at most once a second, as `{"type":"progress",...}`. */
export class JsonlIo implements ClosableIo {
  readonly #options: JsonlOptions;
  #progressAtUs = -Infinity;
  #phase = '';

  constructor(options: JsonlOptions) {
    this.#options = options;
  }

  emit(code: MessageCode, text: string, data?: Readonly<Record<string, unknown>>): void {
    const message: Message = {
      code,
      level: MESSAGE_TABLE[code].level,
      at: this.#now(),
      text,
      ...(data === undefined ? {} : { data }),
    };
    let line: string;
    try {
      line = lineOf({ type: 'message', ...message });
    } catch {
      const { data: _left, ...plain } = message;
      line = lineOf({ type: 'message', ...plain });
    }
    this.#options.write(line);
  }

  progress(state: Progress): void {
    const nowUs = this.#options.clock.monoUs();
    if (state.phase === this.#phase && nowUs - this.#progressAtUs < PROGRESS_INTERVAL_US) return;
    this.#progressAtUs = nowUs;
    this.#phase = state.phase;
    this.#options.write(lineOf({ type: 'progress', at: this.#now(), ...state }));
  }

  close(): void {
    this.#options.close();
  }

  #now(): string {
    return toRfc3339(this.#options.clock.nowMs());
  }
}

/** Appends to a file made with mode 0600. A write that fails is remembered and thrown by nobody: events are no evidence. */
export function openEventFile(path: string): Pick<JsonlOptions, 'write' | 'close'> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'a', 0o600);
  } catch (cause) {
    throw new ExhibitError(
      'USAGE_INVALID',
      `The file for --events cannot be opened (${errnoOf(cause) ?? 'unknown'}).`,
      { subject: path, cause },
    );
  }
  let broken = false;
  let closed = false;
  return {
    write: (line) => {
      if (broken || closed) return;
      try {
        writeSync(descriptor, line);
      } catch {
        broken = true;
      }
    },
    // Asked at the end of a command and once more when it is cleared up: the number may be another file's by then.
    close: () => {
      if (closed) return;
      closed = true;
      closeSync(descriptor);
    },
  };
}
