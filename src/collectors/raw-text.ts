import { escapeForTerminal } from '../lib/terminal-escape.js';

/** Bytes that somebody else chose, as data: base64 of the bytes, and one line of printable ASCII for people. */
export interface RawText {
  readonly b64: string;
  readonly display: string;
  /** Bytes in all, where only the beginning is given. */
  readonly cutFromBytes?: number;
}

/** At most `maxBytes` of the bytes, default 4,096. */
export function rawText(bytes: Buffer, maxBytes = 4096): RawText {
  const kept = bytes.subarray(0, maxBytes);
  return {
    b64: kept.toString('base64'),
    display: escapeForTerminal(kept.toString('latin1'), maxBytes),
    ...(kept.length < bytes.length ? { cutFromBytes: bytes.length } : {}),
  };
}
