/** SHA-256 (FIPS 180-4) in plain script, because WebCrypto hashes nothing that arrives in pieces. */
import { hexOf } from '../../lib/bytes.js';

const BLOCK_BYTES = 64;

/** Words as bytes, big-endian. Unlike a typed array, a view gives numbers without a doubt, which makes the loops four times faster. */
function words(...numbers: readonly number[]): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  for (const [index, number] of numbers.entries()) view.setInt32(4 * index, number);
  return view;
}

/** Section 5.3.3. */
const START = words(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
/** Section 4.2.2. */
const CONSTANTS = words(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);
/** Used by every hash in turn: nothing else runs while one block is taken in. */
const SCHEDULE = words(...new Int32Array(64));

/** One hash. `update` any number of times, then `hex` once. */
export class Sha256 {
  readonly #state = new DataView(START.buffer.slice(0));
  readonly #rest = new Uint8Array(BLOCK_BYTES);
  #restBytes = 0;
  #sizeBytes = 0;

  update(bytes: Uint8Array): this {
    this.#sizeBytes += bytes.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK_BYTES - this.#restBytes, bytes.length);
      this.#rest.set(at === bytes.length ? bytes : bytes.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < BLOCK_BYTES) return this;
      compress(this.#state, this.#rest);
      this.#restBytes = 0;
    }
    const end = at + Math.floor((bytes.length - at) / BLOCK_BYTES) * BLOCK_BYTES;
    if (end > at) compress(this.#state, bytes.subarray(at, end));
    this.#rest.set(end === 0 ? bytes : bytes.subarray(end));
    this.#restBytes = bytes.length - end;
    return this;
  }

  /** In the middle of a stream: a second hash that goes on from here. */
  copy(): Sha256 {
    const other = new Sha256();
    new Uint8Array(other.#state.buffer).set(new Uint8Array(this.#state.buffer));
    other.#rest.set(this.#rest);
    other.#restBytes = this.#restBytes;
    other.#sizeBytes = this.#sizeBytes;
    return other;
  }

  /** 32 bytes. The hash is of no further use. */
  digest(): Uint8Array<ArrayBuffer> {
    const sizeBytes = this.#sizeBytes;
    const padding = new Uint8Array(((this.#restBytes < 56 ? 56 : 120) - this.#restBytes + 8) | 0);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(sizeBytes / 2 ** 29));
    view.setUint32(padding.length - 4, (sizeBytes << 3) >>> 0);
    this.update(padding);
    return new Uint8Array(this.#state.buffer);
  }

  /** The digest in lower-case hex. */
  hex(): string {
    return hexOf(this.digest());
  }
}

/** The hash of bytes that are all there, in lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return new Sha256().update(bytes).hex();
}

/** The message schedule of the block at `at` (section 6.2.2, step 1). */
function expand(schedule: DataView, view: DataView, at: number): void {
  for (let index = 0; index < 64; index += 4) schedule.setInt32(index, view.getInt32(at + index));
  for (let index = 64; index < 256; index += 4) {
    const x = schedule.getInt32(index - 60);
    const y = schedule.getInt32(index - 8);
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule.setInt32(index, (schedule.getInt32(index - 64) + s0 + schedule.getInt32(index - 28) + s1) | 0);
  }
}

function sigma0(a: number): number {
  return ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
}

function sigma1(e: number): number {
  return ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
}

/** Takes in whole blocks (section 6.2.2, steps 2 to 4): eight rounds at a time, so that no variable has to be moved to the next one. */
function compress(state: DataView, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Bundled, what stands outside is looked up anew each time it is used.
  const [constants, schedule] = [CONSTANTS, SCHEDULE];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    expand(schedule, view, at);
    let a = state.getInt32(0);
    let b = state.getInt32(4);
    let c = state.getInt32(8);
    let d = state.getInt32(12);
    let e = state.getInt32(16);
    let f = state.getInt32(20);
    let g = state.getInt32(24);
    let h = state.getInt32(28);
    for (let index = 0; index < 256; index += 32) {
      h = (h + sigma1(e) + (g ^ (e & (f ^ g))) + constants.getInt32(index) + schedule.getInt32(index)) | 0;
      d = (d + h) | 0;
      h = (h + sigma0(a) + ((a & b) | (c & (a | b)))) | 0;
      g = (g + sigma1(d) + (f ^ (d & (e ^ f))) + constants.getInt32(index + 4) + schedule.getInt32(index + 4)) | 0;
      c = (c + g) | 0;
      g = (g + sigma0(h) + ((h & a) | (b & (h | a)))) | 0;
      f = (f + sigma1(c) + (e ^ (c & (d ^ e))) + constants.getInt32(index + 8) + schedule.getInt32(index + 8)) | 0;
      b = (b + f) | 0;
      f = (f + sigma0(g) + ((g & h) | (a & (g | h)))) | 0;
      e = (e + sigma1(b) + (d ^ (b & (c ^ d))) + constants.getInt32(index + 12) + schedule.getInt32(index + 12)) | 0;
      a = (a + e) | 0;
      e = (e + sigma0(f) + ((f & g) | (h & (f | g)))) | 0;
      d = (d + sigma1(a) + (c ^ (a & (b ^ c))) + constants.getInt32(index + 16) + schedule.getInt32(index + 16)) | 0;
      h = (h + d) | 0;
      d = (d + sigma0(e) + ((e & f) | (g & (e | f)))) | 0;
      c = (c + sigma1(h) + (b ^ (h & (a ^ b))) + constants.getInt32(index + 20) + schedule.getInt32(index + 20)) | 0;
      g = (g + c) | 0;
      c = (c + sigma0(d) + ((d & e) | (f & (d | e)))) | 0;
      b = (b + sigma1(g) + (a ^ (g & (h ^ a))) + constants.getInt32(index + 24) + schedule.getInt32(index + 24)) | 0;
      f = (f + b) | 0;
      b = (b + sigma0(c) + ((c & d) | (e & (c | d)))) | 0;
      a = (a + sigma1(f) + (h ^ (f & (g ^ h))) + constants.getInt32(index + 28) + schedule.getInt32(index + 28)) | 0;
      e = (e + a) | 0;
      a = (a + sigma0(b) + ((b & c) | (d & (b | c)))) | 0;
    }
    state.setInt32(0, a + state.getInt32(0));
    state.setInt32(4, b + state.getInt32(4));
    state.setInt32(8, c + state.getInt32(8));
    state.setInt32(12, d + state.getInt32(12));
    state.setInt32(16, e + state.getInt32(16));
    state.setInt32(20, f + state.getInt32(20));
    state.setInt32(24, g + state.getInt32(24));
    state.setInt32(28, h + state.getInt32(28));
  }
}
