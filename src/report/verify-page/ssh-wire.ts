import { base64Of, textOf, type Bytes } from '../../lib/bytes.js';

/** The encoding of RFC 4251 section 5. Reads untrusted bytes; every method throws RangeError when they end too early or are malformed. */
export class WireReader {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  take(length: number): Bytes {
    if (length > this.#bytes.length - this.#at) throw new RangeError('bytes end too early');
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  uint32(): number {
    return new DataView(this.take(4).buffer).getUint32(0);
  }

  string(): Bytes {
    return this.take(this.uint32());
  }

  /** For names of types and ciphers: printable ASCII. */
  text(): string {
    const text = textOf(this.string());
    if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError('a name is not printable ASCII');
    return text;
  }

  /** A positive integer without its sign byte. */
  positive(): Bytes {
    const bytes = this.string();
    const first = bytes[0] ?? 0;
    const signByte = first === 0 && (bytes[1] ?? 0) >= 0x80;
    if (bytes.length === 0 || first >= 0x80 || (first === 0 && !signByte))
      throw new RangeError('not a positive integer in shortest form');
    return signByte ? bytes.slice(1) : bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('bytes are left over');
  }
}

/** A length-prefixed string. */
export function wireString(content: Uint8Array): Bytes {
  const bytes = new Uint8Array(4 + content.length);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(content, 4);
  return bytes;
}

/** Base64 in lines of 70 characters between the two marks: how ssh-keygen writes signatures. */
export function sshArmor(label: string, bytes: Uint8Array): string {
  const lines = base64Of(bytes).match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
