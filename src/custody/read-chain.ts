import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { ExhibitError } from '../model/errors.js';
import { CHAIN_START } from '../model/custody-entry.js';
import { MAX_LINE_BYTES, scanLines } from './line-scanner.js';

/** Where a chain ends: the number of its last line and that line's SHA-256; 0 and 64 zeros for an empty one. */
export interface ChainHead {
  readonly seq: number;
  readonly sha256: string;
}

export interface ReadChain {
  readonly head: ChainHead;
  /** `event` of the last line; empty when there is none. */
  readonly lastEvent: string;
  readonly lines: number;
  readonly wholeBytes: number;
  /** The bytes of a torn last line; empty when there is none. */
  readonly torn: Buffer;
}

/** One line, checked for its place in the chain; everything else in it is as it was found. */
export type ChainEntry = Readonly<Record<string, unknown>> & {
  readonly seq: number;
  readonly prev: string;
  readonly event: string;
};

/**
 * Reads a hash-chained log and gives each entry to `onEntry`. Throws `CASE_CORRUPT` with the number of the first line that is not JSON,
 * out of sequence or does not carry its predecessor's SHA-256; a torn last line is no damage.
 */
export function readChain(path: string, onEntry: (entry: ChainEntry) => void): ReadChain {
  let sha256 = CHAIN_START;
  let lastEvent = '';
  const scanned = scanLines(path, (line, number) => {
    const entry = parseEntry(line);
    if (entry === null) throw corrupt(path, number, 'it is not one of our records');
    if (entry.seq !== number) throw corrupt(path, number, `it says that it is number ${String(entry.seq)}`);
    if (entry.prev !== sha256) throw corrupt(path, number, 'it does not follow from the line before it');
    sha256 = hash('sha256', Buffer.from(`${line}\n`, 'latin1'), 'hex');
    lastEvent = entry.event;
    onEntry(entry);
  });
  if (scanned.torn.length >= MAX_LINE_BYTES) throw corrupt(path, scanned.lines + 1, 'it has no end');
  return { ...scanned, head: { seq: scanned.lines, sha256 }, lastEvent };
}

function parseEntry(line: string): ChainEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  if (!('seq' in value && 'prev' in value && 'event' in value)) return null;
  if (typeof value.seq !== 'number' || typeof value.prev !== 'string' || typeof value.event !== 'string') return null;
  return value as ChainEntry;
}

/** `CASE_CORRUPT` for one line of a record of ours. */
export function corrupt(path: string, line: number, what: string): ExhibitError {
  return new ExhibitError('CASE_CORRUPT', `line ${String(line)} of ${basename(path)} is damaged: ${what}`, {
    subject: path,
  });
}
