import type { JsonRule } from '../../model/redaction.js';
import { RangeQueue, type ByteFinder, type ByteRange } from './byte-finder.js';
import { JsonWalker, type JsonEvents } from './json-walker.js';

/** The tokens of RFC 6901 pointers. */
function tokensOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

interface Level {
  /** Name of the member or number of the element that comes next; `null` = a name that is too long to be meant. */
  token: string | null;
  /** Of an array: the number of the next element. */
  nextIndex: number;
  readonly isArray: boolean;
  /** Pointers that lead here, by their number. */
  readonly alive: readonly number[];
}

/** Finds the values of named members, and what pointers name, in a sequence of JSON texts. The value goes whole, whatever it is. */
export class JsonFinder implements ByteFinder, JsonEvents {
  readonly #walker = new JsonWalker(this);
  readonly #ranges = new RangeQueue();
  readonly #keys: ReadonlySet<string>;
  readonly #pointers: readonly (readonly string[])[];
  readonly #fold: (text: string) => string;
  readonly #levels: Level[] = [];
  /** A value that goes: where it begins, and how deep it stands. */
  #going: { readonly start: number; readonly depth: number } | null = null;

  constructor({ keys = [], pointers = [], ignoreCase = false }: JsonRule) {
    this.#fold = ignoreCase ? (text) => text.toLowerCase() : (text) => text;
    this.#keys = new Set(keys.map(this.#fold));
    this.#pointers = pointers.map((pointer) => tokensOf(pointer).map(this.#fold));
  }

  get problem(): string | null {
    return this.#walker.problem;
  }

  get decidedBytes(): number {
    return this.#walker.offset;
  }

  push(bytes: Buffer): void {
    this.#walker.push(bytes);
    if (this.#going !== null) this.#ranges.add(this.#going.start, this.#walker.offset);
  }

  end(): void {
    this.#walker.end();
  }

  take(limit: number): readonly ByteRange[] {
    return this.#ranges.take(limit);
  }

  onKey(key: string | null): void {
    const level = this.#levels.at(-1);
    if (level !== undefined) level.token = key === null ? null : this.#fold(key);
  }

  onValue(offset: number): void {
    const level = this.#levels.at(-1);
    if (level?.isArray === true) {
      level.token = String(level.nextIndex);
      level.nextIndex += 1;
    }
    if (this.#going !== null || level === undefined || level.token === null) return;
    const isNamed = !level.isArray && this.#keys.has(level.token);
    const depth = this.#levels.length;
    if (isNamed || this.#reached(level).some((pointer) => this.#pointers[pointer]?.length === depth))
      this.#going = { start: offset, depth };
  }

  onOpen(isArray: boolean): void {
    const parent = this.#levels.at(-1);
    const alive = parent === undefined ? this.#pointers.map((_tokens, pointer) => pointer) : this.#reached(parent);
    this.#levels.push({ token: null, nextIndex: 0, isArray, alive });
  }

  onClose(): void {
    this.#levels.pop();
  }

  onValueEnd(offset: number): void {
    if (this.#going === null || this.#going.depth !== this.#levels.length) return;
    this.#ranges.add(this.#going.start, offset);
    this.#going = null;
  }

  /** The pointers of a level that also fit its token. */
  #reached({ alive, token }: Level): readonly number[] {
    if (alive.length === 0 || token === null) return [];
    const at = this.#levels.length - 1;
    return alive.filter((pointer) => {
      const wanted = this.#pointers[pointer]?.[at];
      return wanted !== undefined && (wanted === '*' || wanted === token);
    });
  }
}
