import { WireReader, wirePositive } from './ssh-wire.js';

const NUMBER_BYTES = 32;
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Both numbers of a P-256 signature, 32 bytes each. */
interface EcdsaNumbers {
  readonly r: Buffer;
  readonly s: Buffer;
}

/** OpenSSH's pair of integers; `null` when they are not that. */
export function readEcdsaNumbers(raw: Buffer): EcdsaNumbers | null {
  try {
    const reader = new WireReader(raw);
    const [r, s] = [reader.positive(), reader.positive()];
    reader.end();
    return r.length > NUMBER_BYTES || s.length > NUMBER_BYTES ? null : { r: padded(r), s: padded(s) };
  } catch {
    return null;
  }
}

function padded(number: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(NUMBER_BYTES - number.length), number]);
}

function valueOf(number: Buffer): bigint {
  return BigInt(`0x${number.toString('hex')}`);
}

/** With `s` a signature is as good as with the order less `s`, so that anybody can write the other; the smaller one is the form of exhibit/1. */
export function isHigh({ s }: EcdsaNumbers): boolean {
  return valueOf(s) * 2n > P256_ORDER;
}

/** As OpenSSH writes both numbers, with the smaller `s`. */
export function renderEcdsaNumbers(numbers: EcdsaNumbers): Buffer {
  const { r, s } = numbers;
  const low = isHigh(numbers) ? Buffer.from((P256_ORDER - valueOf(s)).toString(16).padStart(64, '0'), 'hex') : s;
  return Buffer.concat([wirePositive(r), wirePositive(low)]);
}
