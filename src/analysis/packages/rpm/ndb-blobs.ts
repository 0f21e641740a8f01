import type { Damage } from './damage.js';

const HEADER_BYTES = 32;
const SLOT_BYTES = 16;
const PAGE_BYTES = 4096;
const BLOCK_BYTES = 16;
const BLOB_HEAD_BYTES = 16;
const BLOB_TAIL_BYTES = 12;
const word = (text: string): number => Buffer.from(text, 'latin1').readUInt32LE(0);
const DATABASE = word('RpmP');
const SLOT = word('Slot');
const BLOB_BEGIN = word('BlbS');
const BLOB_END = word('BlbE');

export function isNdb(file: Buffer): boolean {
  return file.length >= PAGE_BYTES && file.readUInt32LE(0) === DATABASE;
}

function adler32(bytes: Buffer, from = 1): number {
  let a = from & 0xffff;
  let b = from >>> 16;
  for (let at = 0; at < bytes.length;) {
    // Sums of so many bytes stay exact.
    for (const end = Math.min(at + 5552, bytes.length); at < end; at += 1) {
      a += bytes[at] ?? 0;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return ((b << 16) | a) >>> 0;
}

/** `sizeOfSlot`: bytes of the blob with head and tail, as its slot says. */
function blobAt(
  file: Buffer,
  { at, sizeOfSlot, packageIndex }: { readonly at: number; readonly sizeOfSlot: number; readonly packageIndex: number },
): Buffer | null {
  if (at + BLOB_HEAD_BYTES > file.length || file.readUInt32LE(at) !== BLOB_BEGIN) return null;
  if (file.readUInt32LE(at + 4) !== packageIndex) return null;
  const sizeBytes = file.readUInt32LE(at + 12);
  const from = at + BLOB_HEAD_BYTES;
  const padded = Math.ceil((BLOB_HEAD_BYTES + sizeBytes + BLOB_TAIL_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
  const tail = at + padded - BLOB_TAIL_BYTES;
  if (at + padded > file.length || padded !== sizeOfSlot) return null;
  const isWhole =
    file.readUInt32LE(tail + 8) === BLOB_END &&
    file.readUInt32LE(tail + 4) === sizeBytes &&
    file.readUInt32LE(tail) === adler32(file.subarray(at, tail));
  return isWhole ? file.subarray(from, from + sizeBytes) : null;
}

/** Headers in `Packages.db` of SUSE, by the slots that name them. What is damaged is left out and counted. */
export function* ndbBlobs(file: Buffer, damage: Damage): Generator<Buffer> {
  if (file.readUInt32LE(4) !== 0) {
    damage.note();
    return;
  }
  const end = Math.min(file.readUInt32LE(12) * PAGE_BYTES, file.length);
  // Blobs do not overlap: so much is read and no more, whatever the slots say.
  let leftBytes = file.length;
  for (let at = HEADER_BYTES; at + SLOT_BYTES <= end; at += SLOT_BYTES) {
    if (file.readUInt32LE(at) !== SLOT) {
      damage.note();
      continue;
    }
    const packageIndex = file.readUInt32LE(at + 4);
    const blocks = file.readUInt32LE(at + 8);
    if (packageIndex === 0 || blocks === 0) continue;
    const sizeOfSlot = file.readUInt32LE(at + 12) * BLOCK_BYTES;
    leftBytes -= sizeOfSlot;
    const blob = leftBytes < 0 ? null : blobAt(file, { at: blocks * BLOCK_BYTES, sizeOfSlot, packageIndex });
    if (blob === null) damage.note();
    else yield blob;
  }
}
