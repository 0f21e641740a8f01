import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errnoOf } from '../../../model/errors.js';
import type { AuditLine } from '../../../model/audit-event.js';
import { normaliseLine } from './normalise-line.js';
import { LineSplitter, type SplitLine } from './split-lines.js';

/** Longer than any event that an API server writes: etcd takes objects of 1.5 MiB, and an event has at most two. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const GZIP = Buffer.from([0x1f, 0x8b]);

/** How a log ended. A log that is not whole may lack anything behind its last line. */
export type LogEnd = 'whole' | 'gzip-cut' | 'gzip-damaged';

export interface ReadLog {
  /** Unpacked. */
  readonly bytes: number;
  readonly isPacked: boolean;
  readonly end: LogEnd;
}

/** A line that was not ended is an event where it is one: a log is cut anywhere, also right before a line's end. */
function lineOf({ bytes, isCut, isTorn }: SplitLine): AuditLine {
  if (isCut) return { kind: 'quarantined', reason: 'too-long', detail: '' };
  const line = normaliseLine(bytes);
  const isPart = isTorn && line.kind === 'quarantined' && line.reason !== 'no-audit-event';
  return isPart ? { kind: 'quarantined', reason: 'torn', detail: '' } : line;
}

/** The pieces, and before the first whether they begin as gzip does. */
async function* marked(pieces: AsyncIterable<Buffer>, onKind: (isPacked: boolean) => void): AsyncGenerator<Buffer> {
  let first: Buffer | null = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (first === null) {
      yield piece;
      continue;
    }
    first = Buffer.concat([first, piece]);
    if (first.length < GZIP.length) continue;
    onKind(first.subarray(0, GZIP.length).equals(GZIP));
    yield first;
    first = null;
  }
  if (first === null) return;
  onKind(false);
  yield first;
}

/** Unpacks into `take`. What the pieces throw goes on; what gzip finds is an end. */
async function unpack(pieces: AsyncIterable<Buffer>, take: (piece: Buffer) => void): Promise<LogEnd> {
  const gunzip = createGunzip();
  try {
    await pipeline(pieces, gunzip, async (unpacked: AsyncIterable<Buffer>) => {
      for await (const piece of unpacked) take(piece);
    });
    return 'whole';
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'Z_BUF_ERROR') return 'gzip-cut';
    if (code.startsWith('Z_')) return 'gzip-damaged';
    throw error;
  }
}

/**
 * Every line of a log, packed by gzip or not, in its order; memory is bounded by the longest line that is kept. `onLine` has the line's place
 * in the unpacked log. A damaged or cut gzip is an end, not an error. Throws as `pieces` do.
 */
export async function readLog(
  pieces: AsyncIterable<Buffer>,
  onLine: (line: AuditLine, place: { readonly offset: number; readonly lengthBytes: number }) => void,
): Promise<ReadLog> {
  let bytes = 0;
  const found = { isPacked: false };
  const splitter = new LineSplitter((line) => {
    onLine(lineOf(line), line);
  }, MAX_LINE_BYTES);
  const take = (piece: Buffer): void => {
    bytes += piece.length;
    splitter.add(piece);
  };
  const source = marked(pieces, (packed) => {
    found.isPacked = packed;
  });
  const first = await source.next();
  const whole = (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* source;
  })();
  let end: LogEnd = 'whole';
  if (found.isPacked) end = await unpack(whole, take);
  else for await (const piece of whole) take(piece);
  splitter.end();
  return { bytes, isPacked: found.isPacked, end };
}
