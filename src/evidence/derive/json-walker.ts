import { beginNumber, isWholeNumber, nextInNumber, type NumberState } from './json-number.js';

/** What a walk over JSON tells, in the order of the bytes. Offsets count from the beginning of the stream. */
export interface JsonEvents {
  /** A member's name, without escapes; `null` when it is longer than any that can be meant. */
  onKey(key: string | null): void;
  /** A value begins with the byte at `offset`. */
  onValue(offset: number): void;
  /** The value is an array or an object, whose members follow. */
  onOpen(isArray: boolean): void;
  onClose(): void;
  /** The value ended before the byte at `offset`. */
  onValueEnd(offset: number): void;
}

const MAX_DEPTH = 512;
/** A name of 256 characters with every one escaped is shorter. */
const MAX_KEY_BYTES = 2048;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
const LITERALS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };

type State =
  | 'value'
  | 'first-element'
  | 'first-key'
  | 'key'
  | 'colon'
  | 'after'
  | 'between'
  | 'string'
  | 'escape'
  | 'unicode'
  | 'number'
  | 'literal';

/**
 * Walks over one JSON text after another (RFC 8259, with space or line feeds between them) in pieces of any size; holds a name at most.
 * As strict as the standard, but for bytes in strings that are no UTF-8: nobody may read another structure out of the same bytes.
 */
export class JsonWalker {
  readonly #events: JsonEvents;
  /** Open containers from the outside in: true = array. */
  readonly #open: boolean[] = [];
  #state: State = 'value';
  #isKey = false;
  #key: number[] | null = null;
  #digitsLeft = 0;
  #number: NumberState = 'minus';
  #literalLeft = '';
  #problem: string | null = null;
  #offset = 0;

  constructor(events: JsonEvents) {
    this.#events = events;
  }

  /** Bytes that were looked at. */
  get offset(): number {
    return this.#offset;
  }

  get problem(): string | null {
    return this.#problem;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#problem === null; at += 1) {
      if (this.#state === 'string' && !this.#isKey) {
        const end = endOfPlain(bytes, at);
        this.#offset += end - at;
        at = end;
        if (at === bytes.length) return;
      }
      this.#offset += this.#stepped(bytes[at] ?? 0);
    }
  }

  end(): void {
    if (this.#state === 'number') this.#endNumber();
    if (this.#problem !== null) return;
    if (this.#open.length > 0 || (this.#state !== 'value' && this.#state !== 'between'))
      this.#fail('the JSON text ends early');
  }

  /** 0 for a byte that has no place, which is then the one that the problem names. */
  #stepped(byte: number): number {
    this.#step(byte);
    return this.#problem === null ? 1 : 0;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case 'string':
        this.#inString(byte);
        return;
      case 'escape':
        this.#inEscape(byte);
        return;
      case 'unicode':
        this.#inUnicode(byte);
        return;
      case 'literal':
        this.#inLiteral(byte);
        return;
      case 'number':
        this.#inNumber(byte);
        return;
      default:
        if (!isSpace(byte)) this.#structure(byte);
        // One text after another, as in lines of JSON, with a space or a line feed between them.
        else if (this.#state === 'between') this.#state = 'value';
    }
  }

  #structure(byte: number): void {
    const character = String.fromCharCode(byte);
    switch (this.#state) {
      case 'first-element':
        if (character === ']') this.#close(true);
        else this.#value(byte, character);
        return;
      case 'first-key':
      case 'key':
        if (byte === QUOTE) this.#string(true);
        else if (character === '}' && this.#state === 'first-key') this.#close(false);
        else this.#unexpected();
        return;
      case 'colon':
        if (character === ':') this.#state = 'value';
        else this.#unexpected();
        return;
      case 'after':
        this.#afterValue(character);
        return;
      case 'between':
        this.#unexpected();
        return;
      default:
        this.#value(byte, character);
    }
  }

  #value(byte: number, character: string): void {
    this.#events.onValue(this.#offset);
    if (byte === QUOTE) this.#string(false);
    else if (character === '{' || character === '[') this.#openContainer(character === '[');
    else if (/[-0-9]/.test(character)) this.#beginNumber(character);
    else if (LITERALS[character] === undefined) this.#unexpected();
    else {
      this.#literalLeft = LITERALS[character].slice(1);
      this.#state = 'literal';
    }
  }

  #openContainer(isArray: boolean): void {
    if (this.#open.length === MAX_DEPTH) {
      this.#fail(`nested deeper than ${String(MAX_DEPTH)}`);
      return;
    }
    this.#events.onOpen(isArray);
    this.#open.push(isArray);
    this.#state = isArray ? 'first-element' : 'first-key';
  }

  #close(isArray: boolean): void {
    if (this.#open.at(-1) !== isArray) {
      this.#unexpected();
      return;
    }
    this.#open.pop();
    this.#events.onClose();
    this.#ended(this.#offset + 1);
  }

  #ended(offset: number): void {
    this.#state = this.#open.length === 0 ? 'between' : 'after';
    this.#events.onValueEnd(offset);
  }

  #afterValue(character: string): void {
    const isArray = this.#open.at(-1) === true;
    if (character === ',') this.#state = isArray ? 'value' : 'key';
    else if (character === (isArray ? ']' : '}')) this.#close(isArray);
    else this.#unexpected();
  }

  #string(isKey: boolean): void {
    this.#isKey = isKey;
    this.#key = isKey ? [] : null;
    this.#state = 'string';
  }

  #inString(byte: number): void {
    if (byte === QUOTE) {
      this.#endString();
      return;
    }
    if (byte < 0x20) {
      this.#fail('a control character in a string');
      return;
    }
    this.#keep(byte);
    if (byte === BACKSLASH) this.#state = 'escape';
  }

  #inEscape(byte: number): void {
    this.#keep(byte);
    const character = String.fromCharCode(byte);
    this.#state = character === 'u' ? 'unicode' : 'string';
    this.#digitsLeft = 4;
    if (!/["\\/bfnrtu]/.test(character)) this.#unexpected();
  }

  #inUnicode(byte: number): void {
    this.#keep(byte);
    if (!/[0-9A-Fa-f]/.test(String.fromCharCode(byte))) this.#unexpected();
    this.#digitsLeft -= 1;
    if (this.#digitsLeft === 0) this.#state = 'string';
  }

  /** Of a name only; one that is too long is given up. */
  #keep(byte: number): void {
    if (this.#key === null) return;
    if (this.#key.length < MAX_KEY_BYTES) this.#key.push(byte);
    else this.#key = null;
  }

  #endString(): void {
    if (!this.#isKey) {
      this.#ended(this.#offset + 1);
      return;
    }
    const text = this.#key === null ? null : Buffer.from(this.#key).toString('utf8');
    this.#events.onKey(text === null ? null : (JSON.parse(`"${text}"`) as string));
    this.#state = 'colon';
  }

  #beginNumber(character: string): void {
    this.#number = beginNumber(character);
    this.#state = 'number';
  }

  #inNumber(byte: number): void {
    const next = nextInNumber(this.#number, byte);
    if (next !== null) {
      this.#number = next;
      return;
    }
    if (this.#endNumber()) this.#step(byte);
  }

  /** Whether it may end here. */
  #endNumber(): boolean {
    if (isWholeNumber(this.#number)) this.#ended(this.#offset);
    else this.#unexpected();
    return this.#problem === null;
  }

  #inLiteral(byte: number): void {
    if (String.fromCharCode(byte) !== this.#literalLeft[0]) {
      this.#unexpected();
      return;
    }
    this.#literalLeft = this.#literalLeft.slice(1);
    if (this.#literalLeft === '') this.#ended(this.#offset + 1);
  }

  #unexpected(): void {
    this.#fail('a character that has no place in JSON');
  }

  #fail(what: string): void {
    this.#problem ??= `${what}, at byte ${String(this.#offset)}`;
  }
}

/** Where the plain bytes of a string end: at a quote, a backslash or a control character. */
function endOfPlain(bytes: Buffer, from: number): number {
  let at = from;
  for (
    let byte = bytes[at];
    byte !== undefined && byte !== QUOTE && byte !== BACKSLASH && byte >= 0x20;
    byte = bytes[at]
  )
    at += 1;
  return at;
}
