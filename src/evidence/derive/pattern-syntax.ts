import { ExhibitError } from '../../model/errors.js';

/** Bytes that one position of a pattern takes: 256 flags. */
export type ByteSet = Uint8Array;

export type PatternNode =
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  /** `max` null = without end. */
  | { readonly kind: 'repeat'; readonly node: PatternNode; readonly min: number; readonly max: number | null };

export interface ParsedPattern {
  readonly node: PatternNode;
  /** Begins with `^`: only at the beginning of a line. */
  readonly atLineStart: boolean;
  /** Ends with `$`: only at the end of a line. */
  readonly atLineEnd: boolean;
}

const LF = 0x0a;
const MAX_REPEAT = 1000;
const MAX_NESTING = 30;
const CLASSES: Readonly<Record<string, RegExp>> = { d: /[0-9]/, w: /[0-9A-Za-z_]/, s: /[\t\v\f\r ]/ };
const CONTROLS: Readonly<Record<string, number>> = { t: 9, r: 13, f: 12, v: 11 };

function setOf(test: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_none, byte) => (byte !== LF && test(byte) ? 1 : 0));
}

function classOf(letter: string): ByteSet | null {
  const members = CLASSES[letter.toLowerCase()];
  if (members === undefined) return null;
  const isNegated = letter !== letter.toLowerCase();
  return setOf((byte) => members.test(String.fromCharCode(byte)) !== isNegated);
}

/** With both cases of each letter. */
function foldCase(set: ByteSet): ByteSet {
  const at = (character: string): boolean => set[character.charCodeAt(0)] === 1;
  return setOf((byte) => {
    const character = String.fromCharCode(byte);
    return (
      set[byte] === 1 || (/[A-Za-z]/.test(character) && (at(character.toLowerCase()) || at(character.toUpperCase())))
    );
  });
}

/**
 * Parses the subset of regular expressions that can be matched in one pass over bytes: literals, `.`, classes, `\d \w \s \D \W \S`,
 * `\t \r \f \v \xHH`, groups, `|`, `* + ? {n} {n,} {n,m}` with n and m up to 1,000, `^` at the very beginning and `$` at the very end.
 * No position takes a line feed. Look-around, back-references, `\b` and lazy quantifiers are refused, with the reason. Throws
 * `REDACTION_RULES_INVALID`.
 */
export function parsePattern(
  text: string,
  options: { readonly ignoreCase: boolean; readonly subject: string },
): ParsedPattern {
  return new PatternParser(text, options).parse();
}

class PatternParser {
  readonly #characters: readonly string[];
  readonly #ignoreCase: boolean;
  readonly #subject: string;
  #at = 0;
  #depth = 0;

  constructor(text: string, { ignoreCase, subject }: { readonly ignoreCase: boolean; readonly subject: string }) {
    this.#characters = Array.from(text);
    this.#ignoreCase = ignoreCase;
    this.#subject = subject;
  }

  parse(): ParsedPattern {
    const atLineStart = this.#take('^');
    const node = this.#choice();
    const atLineEnd = this.#take('$');
    if (this.#at < this.#characters.length) throw this.#bad(`${this.#peek()} has no place here`);
    return { node, atLineStart, atLineEnd };
  }

  #choice(): PatternNode {
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#characters.length && !'|)'.includes(this.#peek()) && !this.#isEnd()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #isEnd(): boolean {
    return this.#peek() === '$' && this.#at === this.#characters.length - 1;
  }

  #repeated(node: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === null) return node;
    if (this.#peek() === '?') throw this.#bad('lazy quantifiers change nothing here: every match goes');
    if ('*+{'.includes(this.#peek()) && this.#peek() !== '') throw this.#bad('a quantifier of a quantifier');
    return { kind: 'repeat', node, ...bounds };
  }

  #bounds(): { readonly min: number; readonly max: number | null } | null {
    if (this.#take('*')) return { min: 0, max: null };
    if (this.#take('+')) return { min: 1, max: null };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (!this.#take('{')) return null;
    const match = /^(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
    if (match === null) throw this.#bad('{ is written \\{ unless it is {n}, {n,} or {n,m}');
    this.#at += match[0].length;
    return this.#counted(match);
  }

  /** `{n}`, `{n,}`, `{n,m}`. */
  #counted([, first, comma, second]: RegExpExecArray): { readonly min: number; readonly max: number | null } {
    const min = Number(first);
    const last = second === undefined ? null : Number(second);
    const max = comma === undefined ? min : last;
    if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT || (max !== null && max < min))
      throw this.#bad(`counts go from less to more and to at most ${String(MAX_REPEAT)}`);
    return { min, max };
  }

  #atom(): PatternNode {
    const character = this.#next();
    if (character === '(') return this.#group();
    if (character === '[') return this.#bytes(this.#class());
    if (character === '.') return this.#bytes(setOf(() => true));
    if (character === '\\') return this.#bytes(this.#escape());
    if ('^$'.includes(character))
      throw this.#bad(`${character} stands at the very beginning or end, else it is \\${character}`);
    if ('*+?{'.includes(character)) throw this.#bad(`nothing to repeat before ${character}`);
    const parts = [...Buffer.from(character, 'utf8')].map((byte) => this.#bytes(setOf((other) => other === byte)));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'sequence', parts };
  }

  #group(): PatternNode {
    if (this.#peek() === '?') {
      this.#at += 1;
      if (!this.#take(':')) throw this.#bad('look-around and named groups cannot be matched in one pass; see `after`');
    }
    this.#depth += 1;
    if (this.#depth > MAX_NESTING) throw this.#bad('nested too deep');
    const node = this.#choice();
    this.#depth -= 1;
    if (!this.#take(')')) throw this.#bad('a group without its end');
    return node;
  }

  #class(): ByteSet {
    const isNegated = this.#take('^');
    const members = new Uint8Array(256);
    while (!this.#take(']')) this.#member(members);
    const set = setOf((byte) => (members[byte] === 1) !== isNegated);
    // Before the negation of a folded class both cases must be members.
    if (!this.#ignoreCase) return set;
    const folded = foldCase(members);
    return setOf((byte) => (folded[byte] === 1) !== isNegated);
  }

  #member(members: Uint8Array): void {
    const first = this.#next();
    const one = first === '\\' ? this.#escape() : this.#literal(first);
    const low = one.indexOf(1);
    const isSingle = low === one.lastIndexOf(1);
    const isRange = isSingle && this.#peek() === '-' && ![']', undefined].includes(this.#characters[this.#at + 1]);
    if (!isRange) {
      for (const [byte, flag] of one.entries()) if (flag === 1) members[byte] = 1;
      return;
    }
    this.#at += 1;
    const last = this.#next();
    const other = last === '\\' ? this.#escape() : this.#literal(last);
    const high = other.indexOf(1);
    if (high < low || other.lastIndexOf(1) !== high) throw this.#bad('a range goes from less to more');
    members.fill(1, low, high + 1);
    members[LF] = 0;
  }

  #literal(character: string): ByteSet {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0x7f) throw this.#bad('a class holds ASCII and \\xHH only; write (?:a|b) for other characters');
    return setOf((byte) => byte === code);
  }

  #escape(): ByteSet {
    const character = this.#next();
    const shorthand = classOf(character);
    if (shorthand !== null) return shorthand;
    const control = CONTROLS[character];
    if (control !== undefined) return setOf((byte) => byte === control);
    if (character === 'x') return this.#hexadecimal();
    if (/[0-9A-Za-z]/.test(character) || character === '\n') throw this.#bad(`\\${character} is not known here`);
    return this.#literal(character);
  }

  #hexadecimal(): ByteSet {
    const digits = this.#next() + this.#next();
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw this.#bad('\\x without two hex digits');
    const code = Number.parseInt(digits, 16);
    if (code === LF) throw this.#bad('a pattern never takes a line feed');
    return setOf((byte) => byte === code);
  }

  #bytes(set: ByteSet): PatternNode {
    if (!set.includes(1)) throw this.#bad('a position that nothing fits: a line feed, or an empty class');
    return { kind: 'bytes', set: this.#ignoreCase && !this.#isWide(set) ? foldCase(set) : set };
  }

  /** Folding was done inside a class; of a negated one it must not be done again. */
  #isWide(set: ByteSet): boolean {
    return set.reduce((sum, flag) => sum + flag, 0) > 1;
  }

  #peek(): string {
    return this.#characters[this.#at] ?? '';
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) throw this.#bad('it ends too early');
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #bad(why: string): ExhibitError {
    return new ExhibitError(
      'REDACTION_RULES_INVALID',
      `the pattern ${this.#characters.join('')} cannot be used: ${why} (character ${String(this.#at)})`,
      { subject: this.#subject },
    );
  }
}
