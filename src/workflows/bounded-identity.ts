import { asciiJson } from '../lib/ascii-json.js';
import { stringAt, stringsAt, valueAt } from '../lib/untyped.js';
import type { Operator } from '../model/exhibit.js';

type ApiIdentity = NonNullable<Operator['apiIdentity']>;

const MAX_TEXT = 1024;
const MAX_GROUPS = 200;
const MAX_EXTRA_KEYS = 100;
const MAX_EXTRA_VALUES = 20;
/** Of all texts together, as they are written: one record of the custody log holds them beside other things. */
const MAX_WRITTEN_BYTES = 256 * 1024;

const EVERY_LONE_SURROGATE = /\p{Surrogate}/gu;

/** Counts what is kept, dropped and shortened. */
class Allowance {
  #leftBytes = MAX_WRITTEN_BYTES;
  shortened = 0;
  dropped = 0;

  /** The text as it is kept; `undefined` when there is no room for it. */
  take(text: string): string | undefined {
    const kept = text.slice(0, MAX_TEXT).replace(EVERY_LONE_SURROGATE, '\ufffd');
    const sizeBytes = asciiJson(kept).length + 1;
    if (sizeBytes > this.#leftBytes) {
      this.dropped += 1;
      return undefined;
    }
    this.#leftBytes -= sizeBytes;
    if (text.length > MAX_TEXT) this.shortened += 1;
    return kept;
  }

  takeList(texts: readonly string[], max: number): string[] {
    this.dropped += Math.max(0, texts.length - max);
    return texts
      .slice(0, max)
      .map((text) => this.take(text))
      .filter((text) => text !== undefined);
  }
}

/**
 * `userInfo` of a SelfSubjectReview as it is recorded: texts of 1,024 UTF-16 units, 200 groups, 100 extra keys of 20 values, 256 KiB as
 * written; `truncated` says when it was more. `null` when it holds no user name.
 */
export function boundedIdentity(user: unknown): ApiIdentity | null {
  const username = stringAt(user, 'username');
  if (username === undefined) return null;
  const allowance = new Allowance();
  const allGroups = stringsAt(user, 'groups');
  // In the order of what matters most, as long as there is room.
  const name = allowance.take(username) ?? '';
  const uid = allowance.take(stringAt(user, 'uid') ?? '') ?? '';
  const groups = allowance.takeList(allGroups, MAX_GROUPS);
  const { extra, keysTotal, valuesTotal } = boundedExtra(valueAt(user, 'extra'), allowance);
  const kept = { username: name, uid, groups, extra };
  if (allowance.dropped + allowance.shortened === 0) return kept;
  const truncated = {
    groupsTotal: allGroups.length,
    extraKeysTotal: keysTotal,
    extraValuesTotal: valuesTotal,
    textsShortened: allowance.shortened,
  };
  return { ...kept, truncated };
}

function boundedExtra(
  found: unknown,
  allowance: Allowance,
): { readonly extra: Record<string, string[]>; readonly keysTotal: number; readonly valuesTotal: number } {
  const keys = found !== null && typeof found === 'object' ? Object.keys(found) : [];
  const extra = new Map<string, string[]>();
  let valuesTotal = 0;
  for (const key of keys) {
    const values = stringsAt(found, key);
    valuesTotal += values.length;
    // Two long keys may become one when they are shortened; `__proto__` is a key that not every reader keeps.
    const name = extra.size < MAX_EXTRA_KEYS && key !== '__proto__' ? allowance.take(key) : undefined;
    if (name === undefined || extra.has(name)) allowance.dropped += 1;
    else extra.set(name, allowance.takeList(values, MAX_EXTRA_VALUES));
  }
  return { extra: Object.fromEntries(extra), keysTotal: keys.length, valuesTotal };
}
