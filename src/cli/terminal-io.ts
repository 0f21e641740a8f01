/**
 * What people see while the program works. Everything goes to stderr; a live view at a terminal, plain lines elsewhere. Text from
 * the cluster is escaped here and nowhere else on this way.
 */
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { Clock } from '../ports/clock.js';
import { MESSAGE_TABLE, type MessageCode, type MessageLevel } from '../model/message.js';
import type { Io, Progress } from '../ports/io.js';
import { renderLiveView, renderProgressLine, type ViewState } from './live-view.js';

/** `quiet`: warnings and errors only, no progress. `verbose`: debug messages too. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly clock: Clock;
  readonly verbosity: Verbosity;
  /** The view is redrawn in place; otherwise one line every `plainIntervalMs`. */
  readonly live: boolean;
  readonly colour: boolean;
  readonly columns: () => number;
  readonly plainIntervalMs?: number;
}

/** An Io that must be closed before anything else is written to the same terminal. */
export interface ClosableIo extends Io {
  close(): void;
}

const LIVE_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5000;
const MAX_TEXT = 2000;
const YELLOW = '\u001b[33m';
const RED = '\u001b[31m';
const RESET = '\u001b[0m';

const SHOWN: Record<Verbosity, readonly MessageLevel[]> = {
  quiet: ['error', 'warn'],
  normal: ['error', 'warn', 'info'],
  verbose: ['error', 'warn', 'info', 'debug'],
};

export class TerminalIo implements ClosableIo {
  readonly #options: TerminalOptions;
  #progress: Progress | null = null;
  #start: { readonly atUs: number; readonly done: number; readonly bytes: number } | null = null;
  #drawnAtUs = -Infinity;
  #drawnLines = 0;
  #losing: string[] = [];

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  emit(code: MessageCode, text: string): void {
    const { level } = MESSAGE_TABLE[code];
    if (code === 'COLLECT_LOSING') this.#losing.push(text);
    if (!SHOWN[this.#options.verbosity].includes(level)) return;
    this.#erase();
    this.#options.write(`${this.#prefix(level)}${escapeForTerminal(text, MAX_TEXT)}\n`);
    this.#draw();
  }

  progress(state: Progress): void {
    const nowUs = this.#options.clock.monoUs();
    const phaseChanged = this.#progress?.phase !== state.phase;
    if (this.#begins(state)) this.#start = { atUs: nowUs, done: state.done, bytes: state.bytes };
    if (phaseChanged) this.#forgetRead(state.phase);
    this.#progress = state;
    if (this.#options.verbosity === 'quiet') return;
    const intervalMs = this.#options.live ? LIVE_INTERVAL_MS : (this.#options.plainIntervalMs ?? PLAIN_INTERVAL_MS);
    if (!phaseChanged && nowUs - this.#drawnAtUs < intervalMs * 1000) return;
    this.#drawnAtUs = nowUs;
    if (this.#options.live) {
      this.#erase();
      this.#draw();
    } else {
      this.#options.write(`${renderProgressLine(this.#view(state))}\n`);
    }
  }

  close(): void {
    this.#erase();
    this.#progress = null;
  }

  /** Counters only grow within one piece of work: a smaller one means that the next piece has begun. */
  #begins(state: Progress): boolean {
    return this.#start === null || state.bytes < this.#start.bytes || state.done < (this.#progress?.done ?? 0);
  }

  /** Events are of the first tier: once it is over they are read, and no longer about to be lost. */
  #forgetRead(phase: string): void {
    if (/^collect V[1-9]/.test(phase)) this.#losing = this.#losing.filter((text) => !text.startsWith('events '));
  }

  #prefix(level: MessageLevel): string {
    const { colour } = this.#options;
    if (level === 'warn') return colour ? `${YELLOW}Warning:${RESET} ` : 'Warning: ';
    if (level === 'error') return colour ? `${RED}Error:${RESET} ` : 'Error: ';
    return '';
  }

  #view(progress: Progress): ViewState {
    const start = this.#start ?? { atUs: 0, done: 0, bytes: 0 };
    const elapsedMs = (this.#options.clock.monoUs() - start.atUs) / 1000;
    return { progress, elapsedMs, doneAtStart: start.done, bytesAtStart: start.bytes, losing: this.#losing };
  }

  #draw(): void {
    if (!this.#options.live || this.#progress === null || this.#options.verbosity === 'quiet') return;
    const lines = renderLiveView(this.#view(this.#progress), this.#options.columns());
    this.#options.write(lines.map((line) => `${line}\n`).join(''));
    this.#drawnLines = lines.length;
  }

  #erase(): void {
    if (this.#drawnLines === 0) return;
    // Up to the first line of the view, then everything below it.
    this.#options.write(`\u001b[${String(this.#drawnLines)}A\r\u001b[J`);
    this.#drawnLines = 0;
  }
}
