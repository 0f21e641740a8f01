import { createHash } from 'node:crypto';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Sniff } from '../../model/diff-entry.js';
import { TextSearch } from './text-search.js';

const HEAD_BYTES = 4096;
const ENTROPY_BYTES = 1_048_576;
/** Bytes of a file in which marks are looked for. */
const MARKS_BYTES = 64 * 1024 * 1024;
/** Longest mark, so that none is missed where two pieces meet. */
const OVERLAP_BYTES = 64;

/** Printable traces of tools; a mark says that it stands there, not that the tool is one. */
const MARKS: readonly (readonly [name: string, text: string])[] = [
  ['stratum', 'stratum+tcp://'],
  ['stratum', 'stratum+ssl://'],
  ['miner', 'xmrig'],
  ['miner', 'randomx'],
  ['upx', 'UPX!'],
  ['go', 'Go build ID:'],
  ['rust', 'rustc version'],
  ['rust', '/rustc/'],
  ['web-shell', 'eval($_POST'],
  ['web-shell', 'eval(base64_decode('],
  ['web-shell', 'system($_GET'],
  ['web-shell', 'Runtime.getRuntime().exec(request'],
  ['reverse-shell', '/dev/tcp/'],
  ['reverse-shell', 'bash -i >&'],
  ['private-key', 'PRIVATE KEY-----'],
  ['aws-key', 'aws_secret_access_key'],
  ['service-account-token', 'eyJhbGciOiJSUzI1NiIsImtpZCI6'],
  ['kubeconfig', 'client-key-data:'],
];

const SEARCH = new TextSearch(MARKS.map(([, text]) => text));
const NOTHING = Buffer.alloc(0);
const ELF = Buffer.from('\x7fELF', 'latin1');

function entropyCentibits(counts: Uint32Array, total: number): number {
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return Math.round(bits * 100);
}

/** Whether an ELF file asks for a dynamic linker: PT_INTERP in the program headers, as far as they are in the head. */
function isStaticElf(head: Buffer): boolean | undefined {
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  if (head.length < 64 || (!is64 && head[4] !== 1)) return undefined;
  const u16 = (at: number): number => (isLittle ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number): number => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const offset = is64 ? Number(isLittle ? head.readBigUInt64LE(32) : head.readBigUInt64BE(32)) : u32(28);
  const [sizeBytes, count] = is64 ? [u16(54), u16(56)] : [u16(42), u16(44)];
  if (count === 0 || offset + sizeBytes * count > head.length) return undefined;
  for (let index = 0; index < count; index += 1) if (u32(offset + index * sizeBytes) === 3) return false;
  return true;
}

const BEGINNINGS: readonly (readonly [text: string, kind: Sniff['kind']])[] = [
  ['\x7fELF', 'elf'],
  ['#!', 'script'],
  ['\0asm', 'wasm'],
  ['\x1f\x8b', 'archive'],
  ['PK\x03\x04', 'archive'],
  ['\xfd7zXZ', 'archive'],
  ['BZh', 'archive'],
  ['\x28\xb5\x2f\xfd', 'archive'],
];
const PRIVATE_KEY = /^-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----/;

function kindOf(head: Buffer): Sniff['kind'] {
  if (head.length === 0) return 'empty';
  const text = head.toString('latin1', 0, 64);
  const kind = BEGINNINGS.find(([beginning]) => text.startsWith(beginning))?.[1];
  if (kind === 'elf') return (head[5] === 2 ? head[17] : head[16]) === 4 ? 'core' : 'elf';
  if (kind !== undefined) return kind;
  if (PRIVATE_KEY.test(text)) return 'private-key';
  if (/^..\r\n/s.test(text) && head.length > 8 && !/^[\x20-\x7e]{2}/.test(text)) return 'pyc';
  return /^[\x09-\x0d\x20-\xff]*$/.test(head.toString('latin1')) ? 'text' : 'data';
}

/** Hashes a file as it passes and looks at what it is. Holes are fed as zeros by the caller. */
export class ContentScan {
  readonly #hash = createHash('sha256');
  readonly #counts = new Uint32Array(256);
  /** Indices of `MARKS`. */
  readonly #marks = new Set<number>();
  #head: Buffer = Buffer.alloc(0);
  /** The end of what came, and behind it the beginning of the next piece. */
  readonly #seam = Buffer.alloc(2 * OVERLAP_BYTES);
  #tailBytes = 0;
  #sizeBytes = 0;
  #countedBytes = 0;

  feed(bytes: Buffer): void {
    this.#hash.update(bytes);
    if (this.#head.length < HEAD_BYTES)
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, HEAD_BYTES - this.#head.length)]);
    if (this.#sizeBytes < ENTROPY_BYTES && this.#head.subarray(0, ELF.length).equals(ELF)) this.#count(bytes);
    if (this.#sizeBytes < MARKS_BYTES) this.#lookFor(bytes);
    this.#sizeBytes += bytes.length;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }

  sniff(): Sniff {
    const kind = kindOf(this.#head);
    const line = /^#!\s*([^\n]{1,200})/.exec(this.#head.toString('latin1', 0, 256))?.[1];
    const isStatic = kind === 'elf' ? isStaticElf(this.#head) : undefined;
    return {
      kind,
      ...(kind === 'script' && line !== undefined ? { interpreter: escapeForTerminal(line.trim(), 200) } : {}),
      ...(isStatic === undefined ? {} : { isStatic }),
      ...(kind === 'elf' ? { entropyCentibits: entropyCentibits(this.#counts, this.#countedBytes) } : {}),
      marks: [...new Set([...this.#marks].map((index) => MARKS[index]?.[0] ?? ''))].toSorted(),
    };
  }

  #count(bytes: Buffer): void {
    // The piece before may have been too short to tell what the file is.
    const before = this.#countedBytes === 0 ? this.#head.subarray(0, this.#sizeBytes) : NOTHING;
    for (const piece of [before, bytes.subarray(0, ENTROPY_BYTES - this.#sizeBytes)]) {
      for (const byte of piece) this.#counts[byte] = (this.#counts[byte] ?? 0) + 1;
      this.#countedBytes += piece.length;
    }
  }

  #lookFor(bytes: Buffer): void {
    SEARCH.find(bytes, this.#marks);
    const seam = this.#seam;
    const copied = bytes.copy(seam, this.#tailBytes, 0, OVERLAP_BYTES);
    if (this.#tailBytes > 0) SEARCH.find(seam.subarray(0, this.#tailBytes + copied), this.#marks);
    if (bytes.length >= OVERLAP_BYTES) {
      this.#tailBytes = bytes.copy(seam, 0, bytes.length - OVERLAP_BYTES);
      return;
    }
    const joinedBytes = this.#tailBytes + copied;
    this.#tailBytes = Math.min(OVERLAP_BYTES, joinedBytes);
    seam.copyWithin(0, joinedBytes - this.#tailBytes, joinedBytes);
  }
}
