import { ExhibitError } from '../../model/errors.js';
import { parsePattern, type ByteSet, type PatternNode } from './pattern-syntax.js';

const MAX_POSITIONS = 2000;
const MAX_EDGES = 100_000;

/** A pattern as positions (Glushkov's construction): no step without a byte, so that each byte is looked at once. */
export interface PatternProgram {
  readonly positions: number;
  /** 256 flags for each position: the bytes that it takes. */
  readonly sets: Uint8Array;
  /** What may come after each position: `follow` from `followFrom[position]` to `followFrom[position + 1]`. */
  readonly follow: Int32Array;
  readonly followFrom: Int32Array;
  readonly first: readonly number[];
  /** Whether a match may end with the position. */
  readonly isLast: Uint8Array;
  /** Whether the position belongs to what goes, and not to what stands before it. */
  readonly isMatch: Uint8Array;
  readonly atLineStart: boolean;
  readonly atLineEnd: boolean;
}

export interface PatternSource {
  readonly match: string;
  readonly after?: string | undefined;
  readonly ignoreCase?: boolean | undefined;
}

interface Fragment {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly isNullable: boolean;
}

const EMPTY: Fragment = { first: [], last: [], isNullable: true };

/** Compiles what goes and what must stand before it. `subject` names the rule in errors. Throws `REDACTION_RULES_INVALID`. */
export function compilePattern({ match, after, ignoreCase = false }: PatternSource, subject: string): PatternProgram {
  const bad = (why: string): ExhibitError =>
    new ExhibitError('REDACTION_RULES_INVALID', `the pattern ${match} cannot be used: ${why}`, { subject });
  const builder = new Builder(bad);
  const options = { ignoreCase, subject };
  const before = after === undefined ? null : parsePattern(after, options);
  const parsed = parsePattern(match, options);
  const prefix = before === null ? EMPTY : builder.of(before.node);
  const matchFrom = builder.sets.length;
  const body = builder.of(parsed.node);
  if (body.isNullable) throw bad('it also fits nothing at all');
  if (before !== null) {
    if (prefix.isNullable) throw bad('`after` also fits nothing at all');
    if (before.atLineEnd || parsed.atLineStart) throw bad('^ and $ stand at the outer ends');
    builder.join(prefix.last, body.first);
  }
  const isLast = new Uint8Array(builder.sets.length);
  for (const position of body.last) isLast[position] = 1;
  return {
    positions: builder.sets.length,
    sets: Uint8Array.from(builder.sets.flatMap((set) => [...set])),
    ...flattened(builder.follow),
    first: before === null ? body.first : prefix.first,
    isLast,
    isMatch: Uint8Array.from(builder.sets, (_set, position) => (position >= matchFrom ? 1 : 0)),
    atLineStart: (before ?? parsed).atLineStart,
    atLineEnd: parsed.atLineEnd,
  };
}

class Builder {
  readonly sets: ByteSet[] = [];
  readonly follow: Set<number>[] = [];
  readonly #bad: (why: string) => ExhibitError;
  #edges = 0;

  constructor(bad: (why: string) => ExhibitError) {
    this.#bad = bad;
  }

  of(node: PatternNode): Fragment {
    switch (node.kind) {
      case 'bytes':
        return this.#position(node.set);
      case 'sequence':
        return node.parts.reduce<Fragment>((fragment, part) => this.#sequence(fragment, this.of(part)), EMPTY);
      case 'choice':
        return node.options.map((option) => this.of(option)).reduce((a, b) => union(a, b));
      case 'repeat':
        return this.#repeat(node);
    }
  }

  join(from: readonly number[], to: readonly number[]): void {
    for (const position of from) {
      const next = this.follow[position];
      if (next === undefined) continue;
      const before = next.size;
      for (const other of to) next.add(other);
      this.#edges += next.size - before;
      if (this.#edges > MAX_EDGES) throw this.#bad('it is too large; use smaller counts');
    }
  }

  #position(set: ByteSet): Fragment {
    if (this.sets.length >= MAX_POSITIONS) throw this.#bad('it is too large; use smaller counts');
    const position = this.sets.push(set) - 1;
    this.follow.push(new Set());
    return { first: [position], last: [position], isNullable: false };
  }

  #sequence(a: Fragment, b: Fragment): Fragment {
    this.join(a.last, b.first);
    return {
      first: a.isNullable ? [...a.first, ...b.first] : a.first,
      last: b.isNullable ? [...a.last, ...b.last] : b.last,
      isNullable: a.isNullable && b.isNullable,
    };
  }

  #repeat({ node, min, max }: Extract<PatternNode, { kind: 'repeat' }>): Fragment {
    let whole = EMPTY;
    const copies = max === null ? Math.max(0, min - 1) : min;
    for (let copy = 0; copy < copies; copy += 1) whole = this.#sequence(whole, this.of(node));
    if (max === null) return this.#sequence(whole, this.#endless(node, min === 0));
    let rest = EMPTY;
    // From the last to the first, each in the one before: a position is then followed by the next copy and no other.
    for (let copy = min; copy < max; copy += 1) rest = { ...this.#sequence(this.of(node), rest), isNullable: true };
    return this.#sequence(whole, rest);
  }

  #endless(node: PatternNode, isOptional: boolean): Fragment {
    const once = this.of(node);
    this.join(once.last, once.first);
    return { ...once, isNullable: once.isNullable || isOptional };
  }
}

function flattened(follow: readonly ReadonlySet<number>[]): Pick<PatternProgram, 'follow' | 'followFrom'> {
  const followFrom = new Int32Array(follow.length + 1);
  for (const [position, next] of follow.entries()) followFrom[position + 1] = (followFrom[position] ?? 0) + next.size;
  return { follow: Int32Array.from(follow.flatMap((next) => [...next])), followFrom };
}

function union(a: Fragment, b: Fragment): Fragment {
  return {
    first: [...a.first, ...b.first],
    last: [...a.last, ...b.last],
    isNullable: a.isNullable || b.isNullable,
  };
}
