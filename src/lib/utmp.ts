/**
 * Records of logins as glibc writes them (utmp(5)): 384 bytes on x86-64, whose times are 32 bits wide for the sake of 32-bit programs,
 * and 400 on aarch64 and s390x, where they are 64. musl has none. lastlog(8) likewise: 292 or 296 bytes, one for each user id.
 */
export interface UtmpLayout {
  readonly recordBytes: 384 | 400;
  readonly isBigEndian: boolean;
}

/** Text fields are the bytes up to the first NUL and untrusted. */
export interface UtmpRecord {
  readonly type: number;
  readonly pid: number;
  readonly line: Buffer;
  readonly id: Buffer;
  readonly user: Buffer;
  readonly host: Buffer;
  readonly exitTermination: number;
  readonly exitStatus: number;
  readonly session: number;
  /** Seconds since 1970 and microseconds, as written. */
  readonly seconds: number;
  readonly microseconds: number;
  /** Numeric; empty when there is none. */
  readonly address: string;
}

export const UTMP_TYPES = [
  'empty',
  'run-level',
  'boot-time',
  'new-time',
  'old-time',
  'init-process',
  'login-process',
  'user-process',
  'dead-process',
  'accounting',
] as const;

/** Bytes of the beginning that tell the layouts apart where the size does not. */
export const UTMP_SAMPLE_BYTES = 9600;

/** Machines whose time is 64 bits wide here; the others that run Kubernetes have the narrow form. */
const WIDE_MACHINES = new Set(['aarch64', 'arm64', 's390x', 'riscv64', 'loongarch64']);

/** Records of the sample that make sense at this length. */
function plausible(sample: Buffer, recordBytes: number): number {
  let count = 0;
  for (let at = 0; at + recordBytes <= sample.length; at += recordBytes)
    if (sample.readUInt16LE(at) < UTMP_TYPES.length && sample.readUInt16LE(at + 2) === 0) count += 1;
  return count * recordBytes;
}

/** By the size where only one length divides it, then by the machine (`uname -m`; `null` = not known), then by the bytes themselves. */
export function utmpLayoutOf(sizeBytes: number, machine: string | null, sample: Buffer): UtmpLayout {
  const isBigEndian = machine === 's390x';
  const narrow = sizeBytes % 384 === 0;
  const wide = sizeBytes % 400 === 0;
  if (narrow !== wide) return { recordBytes: narrow ? 384 : 400, isBigEndian };
  if (machine !== null) return { recordBytes: WIDE_MACHINES.has(machine) ? 400 : 384, isBigEndian };
  return { recordBytes: plausible(sample, 400) > plausible(sample, 384) ? 400 : 384, isBigEndian };
}

function text(record: Buffer, at: number, length: number): Buffer {
  const field = record.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end));
}

function addressOf(bytes: Buffer): string {
  if (bytes.every((byte) => byte === 0)) return '';
  if (bytes.subarray(4).every((byte) => byte === 0)) return bytes.subarray(0, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(':');
}

/** A 64-bit time that JavaScript cannot count exactly is no time: 0. */
function wideInteger(record: Buffer, at: number, isBigEndian: boolean): number {
  const value = isBigEndian ? record.readBigInt64BE(at) : record.readBigInt64LE(at);
  return Number.isSafeInteger(Number(value)) ? Number(value) : 0;
}

/** Parses `layout.recordBytes` bytes; whatever they are, it gives a record. Throws `RangeError` when they are fewer. */
export function parseUtmpRecord(record: Buffer, { recordBytes, isBigEndian }: UtmpLayout): UtmpRecord {
  const i16 = (at: number): number => (isBigEndian ? record.readInt16BE(at) : record.readInt16LE(at));
  const i32 = (at: number): number => (isBigEndian ? record.readInt32BE(at) : record.readInt32LE(at));
  const isWide = recordBytes === 400;
  const addressAt = isWide ? 360 : 348;
  return {
    type: i16(0),
    pid: i32(4),
    line: text(record, 8, 32),
    id: text(record, 40, 4),
    user: text(record, 44, 32),
    host: text(record, 76, 256),
    exitTermination: i16(332),
    exitStatus: i16(334),
    session: isWide ? wideInteger(record, 336, isBigEndian) : i32(336),
    seconds: isWide ? wideInteger(record, 344, isBigEndian) : i32(340),
    microseconds: isWide ? wideInteger(record, 352, isBigEndian) : i32(344),
    address: addressOf(record.subarray(addressAt, addressAt + 16)),
  };
}

export interface LastlogRecord {
  readonly seconds: number;
  readonly line: Buffer;
  readonly host: Buffer;
}

/** The record of one user: 292 bytes, or 296 where times are wide. `null` when that user never logged in. */
export function parseLastlogRecord(record: Buffer, isBigEndian: boolean): LastlogRecord | null {
  const isWide = record.length === 296;
  const narrow = (): number => (isBigEndian ? record.readInt32BE(0) : record.readInt32LE(0));
  const seconds = isWide ? wideInteger(record, 0, isBigEndian) : narrow();
  const lineAt = isWide ? 8 : 4;
  const line = text(record, lineAt, 32);
  const host = text(record, lineAt + 32, 256);
  if (seconds === 0 && line.length === 0 && host.length === 0) return null;
  return { seconds, line, host };
}

/** 296 where only that divides the size, or where both or none do and the machine is one of the wide ones. */
export function lastlogRecordBytes(sizeBytes: number, machine: string | null): 292 | 296 {
  const narrow = sizeBytes % 292 === 0;
  const wide = sizeBytes % 296 === 0;
  if (narrow !== wide) return narrow ? 292 : 296;
  return machine !== null && WIDE_MACHINES.has(machine) ? 296 : 292;
}
