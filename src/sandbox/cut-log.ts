import type { LogOptions } from './log-options.js';

/** The runtime splits longer lines into parts of this size; the kubelet counts the parts as lines when it looks for the tail. */
const PART_BYTES = 16384;
const NEWLINE = 0x0a;
const SPACE = 0x20;

interface Part {
  readonly stamp: Buffer;
  readonly bytes: Buffer;
}

function* linesOf(log: Buffer): Generator<Buffer> {
  let from = 0;
  while (from < log.length) {
    const end = log.indexOf(NEWLINE, from);
    const next = end === -1 ? log.length : end + 1;
    yield log.subarray(from, next);
    from = next;
  }
}

function partsOf(line: Buffer): Part[] {
  const space = line.indexOf(SPACE);
  const stamp = line.subarray(0, space + 1);
  const text = line.subarray(space + 1);
  const parts: Part[] = [];
  // The newline is the runtime's own and belongs to the last part, however long that is.
  const length = text.at(-1) === NEWLINE ? text.length - 1 : text.length;
  for (let at = 0; at < length || at === 0; at += PART_BYTES) {
    const end = at + PART_BYTES >= length ? text.length : at + PART_BYTES;
    parts.push({ stamp, bytes: text.subarray(at, end) });
  }
  return parts;
}

function isSince(stamp: Buffer, sinceAt: string): boolean {
  // Same zone and same width up to the fraction: text order is time order.
  return stamp.toString('latin1').slice(0, 23) >= sinceAt.slice(0, 23);
}

function written(parts: readonly Part[], timestamps: boolean): Buffer {
  const chunks: Buffer[] = [];
  let lineStart = true;
  for (const part of parts) {
    if (timestamps && lineStart) chunks.push(part.stamp);
    chunks.push(part.bytes);
    lineStart = part.bytes.at(-1) === NEWLINE;
  }
  return Buffer.concat(chunks);
}

/** What the kubelet would send of a log that was recorded whole with `timestamps=true`. */
export function cutLog(recorded: Buffer, options: LogOptions): Buffer {
  let parts = [...linesOf(recorded)].flatMap(partsOf);
  const { sinceAt, tailLines, limitBytes } = options;
  if (tailLines !== null) parts = tailLines === 0 ? [] : parts.slice(-tailLines);
  if (sinceAt !== null) parts = parts.filter((part) => isSince(part.stamp, sinceAt));
  const bytes = written(parts, options.timestamps);
  return limitBytes === null ? bytes : bytes.subarray(0, limitBytes);
}
