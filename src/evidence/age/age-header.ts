import type { FileHandle } from 'node:fs/promises';
import { AGE_VERSION_LINE, MAX_HEADER_BYTES } from './age-format.js';
import { decryptFailed } from './decrypt-failed.js';

/** A recipient's part of the header. Its body is left to whoever opens it. */
export interface AgeStanza {
  /** `X25519`, `scrypt`, `ssh-ed25519`, ...; untrusted text. */
  readonly type: string;
  readonly args: readonly string[];
  /** Its lines as they stand in the header, LF after each. */
  readonly text: string;
}

export interface AgeHeader {
  /** From the version line to the LF after the MAC. */
  readonly bytes: Buffer;
  readonly stanzas: readonly AgeStanza[];
}

const MAX_STANZAS = 1000;
const LF = 0x0a;
const ARGUMENT = /^[\x21-\x7e]+$/;
const BODY_LINE_CHARACTERS = 64;
const BODY_LINE = /^[A-Za-z0-9+/]*$/;
const MAC_LINE = /^--- [A-Za-z0-9+/]{43}$/;

/** Why it is no header that we read; the caller knows which file it was. */
class HeaderProblem extends Error {}

class HeaderParser {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  parse(): AgeHeader {
    if (this.#line() !== AGE_VERSION_LINE) throw new HeaderProblem('it does not begin as an age file of version 1');
    const stanzas: AgeStanza[] = [];
    for (let line = this.#line(); ; line = this.#line()) {
      if (line.startsWith('-> ')) stanzas.push(this.#stanza(line));
      else if (MAC_LINE.test(line)) break;
      else throw new HeaderProblem('a line of its header is neither a recipient nor the end');
      if (stanzas.length > MAX_STANZAS)
        throw new HeaderProblem(`its header names more than ${String(MAX_STANZAS)} recipients`);
    }
    if (stanzas.length === 0) throw new HeaderProblem('its header names no recipient');
    return { bytes: this.#bytes.subarray(0, this.#at), stanzas };
  }

  #stanza(first: string): AgeStanza {
    const [type = '', ...args] = first.slice('-> '.length).split(' ');
    if (![type, ...args].every((arg) => ARGUMENT.test(arg)))
      throw new HeaderProblem('a recipient has an empty argument');
    const lines = [first];
    for (let isLast = false; !isLast;) {
      const line = this.#line();
      if (line.length > BODY_LINE_CHARACTERS || !BODY_LINE.test(line))
        throw new HeaderProblem('the body of a recipient is not base64');
      lines.push(line);
      isLast = line.length < BODY_LINE_CHARACTERS;
    }
    return { type, args, text: lines.map((line) => `${line}\n`).join('') };
  }

  #line(): string {
    const end = this.#bytes.indexOf(LF, this.#at);
    if (end === -1) {
      throw new HeaderProblem(
        this.#bytes.length >= MAX_HEADER_BYTES
          ? `its header is longer than ${String(MAX_HEADER_BYTES)} bytes`
          : 'it ends inside its header: it was cut off',
      );
    }
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line;
  }
}

/** Throws `DECRYPT_FAILED` for what is no header of age v1. `bytes` may go on after it; `path` is named in the error. */
export function parseAgeHeader(bytes: Buffer, path: string): AgeHeader {
  try {
    return new HeaderParser(bytes).parse();
  } catch (error) {
    if (!(error instanceof HeaderProblem)) throw error;
    throw decryptFailed(path, error.message);
  }
}

/** Reads the header of an open file, at most 512 KiB. Throws as `parseAgeHeader`, and system errors. */
export async function readAgeHeader(file: FileHandle, path: string): Promise<AgeHeader> {
  const buffer = Buffer.alloc(MAX_HEADER_BYTES);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return parseAgeHeader(buffer.subarray(0, filled), path);
}
