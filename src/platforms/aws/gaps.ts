import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { AwsCallFailed, type AwsCalls } from './aws-calls.js';
import { explained, referenceOf } from './platform-error.js';

/** What of a machine could not be read, in sentences. */
export class Gaps {
  readonly sentences: string[] = [];
  readonly #calls: AwsCalls;

  constructor(calls: AwsCalls) {
    this.#calls = calls;
  }

  add(sentence: string): void {
    this.sentences.push(escapeForTerminal(sentence, 400));
  }

  /** Reads, or says why not and what is missing for it. Throws what is no matter of one right: no credentials, an interruption. */
  async orNull<T>(missing: string, read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AwsCallFailed)) throw error;
      const { failure, permission } = error;
      if (failure.kind === 'credentials' || failure.kind === 'clock' || failure.kind === 'configuration') throw error;
      const { text } = explained(failure, { settings: this.#calls.settings, permission });
      this.add(`${missing}: ${text} ${referenceOf(failure)}`);
      return null;
    }
  }
}
