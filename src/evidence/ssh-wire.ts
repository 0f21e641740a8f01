/** The encoding of RFC 4251 section 5, as far as keys and signatures need it. */

/** A length-prefixed string. */
export function wireString(content: string | Uint8Array): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive integer, big-endian, in shortest form with a sign byte where it needs one. */
export function wirePositive(magnitude: Uint8Array): Buffer {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const bytes = first === -1 ? Buffer.alloc(0) : Buffer.from(magnitude.subarray(first));
  return wireString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

/** Reads untrusted bytes; every method throws RangeError when they end too early or are not in the shortest form. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Buffer {
    if (length > this.remaining) throw new RangeError('bytes end too early');
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  /** For names of types and ciphers: printable ASCII. */
  text(): string {
    const text = this.string().toString('latin1');
    if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError('a name is not printable ASCII');
    return text;
  }

  /** A positive integer without its sign byte. */
  positive(): Buffer {
    const bytes = this.string();
    const first = bytes[0] ?? 0;
    const signByte = first === 0 && (bytes[1] ?? 0) >= 0x80;
    if (bytes.length === 0 || first >= 0x80 || (first === 0 && !signByte))
      throw new RangeError('not a positive integer in shortest form');
    return signByte ? bytes.subarray(1) : bytes;
  }

  end(): void {
    if (this.remaining !== 0) throw new RangeError('bytes are left over');
  }
}

/** Base64 in lines of 70 characters between the two marks, each line ended by LF: how ssh-keygen writes keys and signatures. */
export function sshArmor(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
