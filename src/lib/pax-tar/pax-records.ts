import { TarFormatError } from './tar-format-error.js';

const SPACE = 0x20;
const EQUALS = 0x3d;
const LINE_FEED = 0x0a;
/** Digits of a record's length; no header that is accepted needs more. */
const MAX_LENGTH_DIGITS = 8;

/** Each record in order; a keyword may come twice (sparse format 0.0 lists its segments so). Keywords as Latin-1, values as bytes. */
export type PaxRecords = readonly (readonly [keyword: string, value: Buffer])[];

function recordLength(body: Buffer, at: number): { length: number; digits: number } {
  const space = body.indexOf(SPACE, at);
  const digits = space - at;
  const text = space === -1 ? '' : body.toString('latin1', at, Math.min(space, at + MAX_LENGTH_DIGITS + 1));
  if (digits > MAX_LENGTH_DIGITS || !/^[1-9]\d*$/.test(text))
    throw new TarFormatError('bad-pax-record', 'an extended header has a record without a length');
  return { length: Number(text), digits };
}

/** Parses the body of an extended header: `LENGTH KEYWORD=VALUE\n`, over and over. Throws `TarFormatError`. */
export function parsePaxRecords(body: Buffer): PaxRecords {
  const records: [string, Buffer][] = [];
  for (let at = 0; at < body.length;) {
    const { length, digits } = recordLength(body, at);
    const end = at + length;
    const begin = at + digits + 1;
    if (end > body.length || end <= begin || body[end - 1] !== LINE_FEED)
      throw new TarFormatError('bad-pax-record', 'an extended header has a record of another length than it says');
    const equals = body.indexOf(EQUALS, begin);
    if (equals === -1 || equals >= end)
      throw new TarFormatError('bad-pax-record', 'an extended header has a record without a keyword');
    records.push([body.toString('latin1', begin, equals), Buffer.from(body.subarray(equals + 1, end - 1))]);
    at = end;
  }
  return records;
}

/** A decimal number of a record. Throws `TarFormatError`. */
export function decimal(value: Buffer | string, what: string): number {
  const text = value.toString('latin1');
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw new TarFormatError('no-number', `${what} is no number`);
  return number;
}

/** Nanoseconds since 1970 of a record such as `1700000000.123456789` or `-1.5`. Throws `TarFormatError`. */
export function nanoseconds(value: Buffer, what: string): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d{0,30}))?$/.exec(value.toString('latin1'));
  if (match === null) throw new TarFormatError('no-number', `${what} is no time`);
  const fraction = BigInt((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  const whole = BigInt(match[2] ?? '0') * 1_000_000_000n + fraction;
  return match[1] === '-' ? -whole : whole;
}
