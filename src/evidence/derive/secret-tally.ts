import { hash } from 'node:crypto';

/** Distinct texts that are told apart; whoever has more must change the rules anyway. */
export const MAX_DISTINCT = 10_000;

export interface SecretPlace {
  readonly kind: string;
  readonly path: string;
  /** Of the first place, in the copy's file. */
  readonly offset: number;
}

/**
 * What looks like a secret, each text once, wherever and however often it stands: a token in ten thousand lines of a log is one thing to
 * decide on. Holds digests, never the texts.
 */
export class SecretTally {
  readonly #places = new Map<string, SecretPlace>();
  #isFull = false;

  /** Distinct texts; at most `MAX_DISTINCT`. */
  get count(): number {
    return this.#places.size;
  }

  /** There were more than can be told apart. */
  get isFull(): boolean {
    return this.#isFull;
  }

  places(): readonly SecretPlace[] {
    return [...this.#places.values()];
  }

  add(text: string, place: SecretPlace): void {
    const key = hash('sha256', `${place.kind}\n${text}`, 'base64');
    if (this.#places.has(key)) return;
    if (this.#places.size < MAX_DISTINCT) this.#places.set(key, place);
    else this.#isFull = true;
  }

  addAll(other: SecretTally): void {
    for (const [key, place] of other.#places) {
      if (this.#places.has(key)) continue;
      if (this.#places.size < MAX_DISTINCT) this.#places.set(key, place);
      else this.#isFull = true;
    }
    this.#isFull ||= other.#isFull;
  }

  /** Places of texts that the other tally does not know. */
  beyond(other: SecretTally): readonly SecretPlace[] {
    return [...this.#places].filter(([key]) => !other.#places.has(key)).map(([, place]) => place);
  }
}
