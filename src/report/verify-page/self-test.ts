import { bytesOf } from '../../lib/bytes.js';
import { crc32 } from './crc32.js';
import { sha256Hex } from './sha256.js';

/** `a` as one stored block of deflate. */
const DEFLATED = Uint8Array.of(1, 1, 0, 0xfe, 0xff, 0x61);

async function inflates(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return (await new Response(stream).text()) === 'a';
  } catch {
    return false;
  }
}

/** Why this browser cannot be relied on; `null` when it can. Hashes have known answers; bytes after the end and an early end are refused. */
export async function selfTest(): Promise<string | null> {
  if (sha256Hex(bytesOf('abc')) !== 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    return 'it computes SHA-256 wrongly';
  if (crc32(bytesOf('123456789')) !== 0xcbf43926) return 'it computes CRC-32 wrongly';
  if (typeof DecompressionStream !== 'function') return 'it cannot unpack gzip; use a newer one';
  if (!(await inflates(DEFLATED))) return 'it cannot unpack bare deflate; use a newer one';
  if (await inflates(Uint8Array.of(...DEFLATED, 0))) return 'it does not notice bytes after the end of gzip data';
  if (await inflates(DEFLATED.slice(0, -1))) return 'it does not notice that gzip data ends early';
  return null;
}
