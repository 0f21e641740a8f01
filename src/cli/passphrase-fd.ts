import { closeSync, constants, fstatSync, openSync, read } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';

const MAX_LINE_BYTES = 1024;
const MAX_WAIT_MS = 60_000;
const POLL_MS = 20;
const LINE_FEED = 0x0a;

const readBytes = promisify(read);

function unusable(text: string, why: string, cause?: unknown): ExhibitError {
  return new ExhibitError('USAGE_INVALID', `--passphrase-fd: ${why}`, {
    subject: text,
    hints: ['exhibit seal --passphrase-fd 3 3<FILE'],
    cause,
  });
}

interface Opened {
  readonly descriptor: number;
  readonly isOurs: boolean;
}

/**
 * A pipe or file is opened once more, without blocking: a read that waits in a thread would keep the process from ending. A socket, which
 * cannot be opened again, is read as it is. Nothing else is read: a terminal would show what is typed, and a number that nobody opened may
 * be one that Node.js uses itself.
 */
function reopen(text: string): Opened {
  const descriptor = Number(text);
  try {
    const stat = fstatSync(descriptor);
    if (stat.isSocket()) return { descriptor, isOurs: false };
    if (!stat.isFile() && !stat.isFIFO()) throw unusable(text, 'is no file, pipe or socket');
    const path = `/dev/fd/${text}`;
    return { descriptor: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), isOurs: true };
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw unusable(text, `cannot be read (${errnoOf(error) ?? 'unknown error'})`, error);
  }
}

/** Reads a descriptor line by line; nothing of it is left in memory when it is closed. */
class DescriptorLines {
  readonly #text: string;
  readonly #signal: AbortSignal;
  readonly #held = Buffer.alloc(MAX_LINE_BYTES + 1);
  readonly #file: Opened;
  #length = 0;
  #ended = false;

  constructor(text: string, signal: AbortSignal) {
    if (!/^(?:0|[3-9]|[1-9]\d{1,4})$/.test(text)) throw unusable(text, 'takes 0 or a number from 3 on');
    this.#text = text;
    this.#signal = signal;
    this.#file = reopen(text);
  }

  /** The next line without its LF; `null` at the end. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const end = this.#held.subarray(0, this.#length).indexOf(LINE_FEED);
      if (end !== -1) return this.#cut(end, end + 1);
      if (this.#ended) return this.#length === 0 ? null : this.#cut(this.#length, this.#length);
      if (this.#length > MAX_LINE_BYTES)
        throw unusable(this.#text, `a line is longer than ${String(MAX_LINE_BYTES)} bytes`);
      const count = await this.#fill();
      this.#length += count;
      this.#ended = count === 0;
    }
  }

  close(): void {
    this.#held.fill(0);
    if (this.#file.isOurs) closeSync(this.#file.descriptor);
  }

  #cut(lineEnd: number, next: number): Buffer {
    const line = Buffer.from(this.#held.subarray(0, lineEnd));
    this.#held.copyWithin(0, next, this.#length);
    this.#held.fill(0, this.#length - next, this.#length);
    this.#length -= next;
    return line;
  }

  async #fill(): Promise<number> {
    for (let waitedMs = 0; waitedMs < MAX_WAIT_MS; waitedMs += POLL_MS) {
      this.#signal.throwIfAborted();
      try {
        const { descriptor } = this.#file;
        const room = this.#held.length - this.#length;
        return (await readBytes(descriptor, this.#held, this.#length, room, null)).bytesRead;
      } catch (error) {
        if (errnoOf(error) !== 'EAGAIN')
          throw unusable(this.#text, `cannot be read (${errnoOf(error) ?? 'unknown error'})`, error);
      }
      await delay(POLL_MS);
    }
    throw unusable(this.#text, `nothing was written to it for ${String(MAX_WAIT_MS / 1000)} s`);
  }
}

/** A `PassphraseSource` with its end. */
export interface ClosablePassphrases extends PassphraseSource {
  close(): void;
}

/**
 * Passphrases from an open file descriptor, one a line in the order in which they are needed. A wrong one is not asked for again. Throws
 * `USAGE_INVALID` for what is no descriptor that can be read.
 */
export function descriptorPassphrases(descriptor: string, signal: AbortSignal): ClosablePassphrases {
  const lines = new DescriptorLines(descriptor, signal);
  return {
    maxTries: 1,
    read: async (purpose) => {
      const line = await lines.next();
      if (line === null) {
        throw new ExhibitError('DECLINED', `file descriptor ${descriptor} holds no further passphrase`, {
          subject: purpose,
          hints: ['One passphrase a line, in the order in which the keys are named'],
        });
      }
      return line;
    },
    close: () => {
      lines.close();
    },
  };
}
