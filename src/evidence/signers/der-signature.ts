const SEQUENCE = 0x30;
const INTEGER = 0x02;
const NUMBER_BYTES = 32;

/** One INTEGER of at most 33 content bytes at `at`; its magnitude in 32 bytes, and where it ends. */
function readNumber(der: Uint8Array, at: number): { readonly number: Buffer; readonly end: number } {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const content = Buffer.from(der.subarray(at + 2, end));
  const [first = 0x80, second = 0] = content;
  const isShortest = first < 0x80 && (first !== 0 || (length > 1 && second >= 0x80));
  if (der[at] !== INTEGER || content.length !== length || !isShortest) throw new RangeError('not a positive INTEGER');
  const magnitude = first === 0 ? content.subarray(1) : content;
  if (magnitude.length > NUMBER_BYTES) throw new RangeError('a number of more than 256 bits');
  return { number: Buffer.concat([Buffer.alloc(NUMBER_BYTES - magnitude.length), magnitude]), end };
}

/**
 * A P-256 signature in DER (`Ecdsa-Sig-Value`, RFC 3279 section 2.2.3) as its two numbers of 32 bytes. Throws RangeError for bytes that
 * are not exactly that.
 */
export function parseDerSignature(der: Uint8Array): { readonly r: Buffer; readonly s: Buffer } {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2 || der.length > 72)
    throw new RangeError('not a SEQUENCE of the right length');
  const r = readNumber(der, 2);
  const s = readNumber(der, r.end);
  if (s.end !== der.length) throw new RangeError('bytes are left over');
  return { r: r.number, s: s.number };
}
