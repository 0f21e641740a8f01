import type { MessageCode } from '../model/message.js';

/** How far long work has come. All counters only grow. */
export interface Progress {
  readonly phase: string;
  /** What it is a part of, and until when; absent = it is all there is. */
  readonly within?: string;
  readonly done: number;
  /** `null` while the total is not known. */
  readonly total: number | null;
  readonly bytes: number;
  /** What is being read now, at most a few; untrusted text, escaped by whoever shows it. */
  readonly current: readonly string[];
  readonly gaps: number;
  readonly lastError: string | null;
}

/** The way out for everything that is not a result. Never throws, never blocks the caller for long. */
export interface Io {
  emit(code: MessageCode, text: string, data?: Readonly<Record<string, unknown>>): void;
  progress(state: Progress): void;
}
