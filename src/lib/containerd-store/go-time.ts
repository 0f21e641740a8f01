import { toRfc3339 } from '../clock.js';

/** From the first of January of the year 1, where Go begins, to 1970. */
const GO_EPOCH_SECONDS = 62_135_596_800n;
/** Years that `toRfc3339` can write as four digits. */
const MAX_SECONDS = 253_402_300_799n;

/** `time.Time.MarshalBinary` of Go, versions 1 and 2, as RFC 3339 UTC with nanoseconds; `null` when it is none. */
export function parseGoTime(bytes: Buffer): string | null {
  const version = bytes[0];
  if ((version !== 1 || bytes.length !== 15) && (version !== 2 || bytes.length !== 16)) return null;
  const seconds = bytes.readBigInt64BE(1) - GO_EPOCH_SECONDS;
  const nanoseconds = bytes.readUInt32BE(9);
  if (seconds < 0n || seconds > MAX_SECONDS || nanoseconds > 999_999_999) return null;
  const second = toRfc3339(Number(seconds) * 1000).slice(0, 19);
  return `${second}.${String(nanoseconds).padStart(9, '0')}Z`;
}
