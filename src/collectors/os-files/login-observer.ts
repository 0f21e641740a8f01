import { setImmediate } from 'node:timers/promises';
import { toRfc3339 } from '../../lib/clock.js';
import {
  lastlogRecordBytes,
  parseLastlogRecord,
  parseUtmpRecord,
  UTMP_SAMPLE_BYTES,
  UTMP_TYPES,
  utmpLayoutOf,
} from '../../lib/utmp.js';
import { rawText } from '../raw-text.js';
import type { ContentObserver } from './tar-contents.js';
import type { Unpacking } from './unpacking.js';

/** Newest records of one file that are derived; the raw file has all. */
const MAX_RECORDS = 100_000;
const UNPACK_LIMITS = { maxPackedBytes: 16 * 1024 * 1024, maxUnpackedBytes: 64 * 1024 * 1024 };

/** RFC 3339, or `null` for what is no time between 1970 and 9999. */
function instant(seconds: number, microseconds: number): string | null {
  const ms = seconds * 1000 + Math.trunc(microseconds / 1000);
  return ms > 0 && ms < 253_402_300_800_000 ? toRfc3339(ms) : null;
}

/** Gathers lines and forgets the oldest beyond the bound. */
class Newest {
  readonly #lines: object[] = [];
  #forgotten = 0;

  add(line: object): void {
    this.#lines.push(line);
    if (this.#lines.length < 2 * MAX_RECORDS) return;
    this.#forgotten += this.#lines.splice(0, MAX_RECORDS).length;
  }

  take(file: object): object[] {
    const kept = this.#lines.slice(-MAX_RECORDS);
    const forgotten = this.#forgotten + this.#lines.length - kept.length;
    return forgotten === 0 ? kept : [{ ...file, kind: 'left-out', records: forgotten }, ...kept];
  }
}

/** Cuts a stream of pieces into records of one length, of which the last may be torn. */
class Cut {
  #rest: Buffer = Buffer.alloc(0);

  *feed(bytes: Buffer, recordBytes: number): Generator<Buffer> {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (; at + recordBytes <= joined.length; at += recordBytes) yield joined.subarray(at, at + recordBytes);
    this.#rest = Buffer.from(joined.subarray(at));
  }

  get tornBytes(): number {
    return this.#rest.length;
  }
}

export interface LoginSource {
  /** Absolute path, Latin-1. */
  readonly path: string;
  readonly sizeBytes: number;
  /** `uname -m`. */
  readonly machine: string | null;
  readonly unpacking: Unpacking;
  /** Told once, at the end. */
  readonly deliver: (lines: readonly object[]) => void;
}

function utmpLines(source: LoginSource): ContentObserver {
  const file = { file: rawText(Buffer.from(source.path, 'latin1')) };
  const newest = new Newest();
  const cut = new Cut();
  let sample: Buffer = Buffer.alloc(0);
  let layout: ReturnType<typeof utmpLayoutOf> | undefined;
  let index = 0;
  const records = (bytes: Buffer): void => {
    layout ??= utmpLayoutOf(source.sizeBytes, source.machine, bytes);
    for (const record of cut.feed(bytes, layout.recordBytes)) {
      const { type, line, id, user, host, seconds, microseconds, ...rest } = parseUtmpRecord(record, layout);
      newest.add({
        ...file,
        kind: 'login',
        index,
        type: UTMP_TYPES[type] ?? `unknown-${type}`,
        at: instant(seconds, microseconds),
        seconds,
        microseconds,
        user: rawText(user),
        line: rawText(line),
        id: rawText(id),
        host: rawText(host),
        ...rest,
        recordBytes: layout.recordBytes,
      });
      index += 1;
    }
  };
  return {
    data: (_offset, bytes) => {
      if (layout !== undefined) {
        records(bytes);
        return;
      }
      sample = Buffer.concat([sample, bytes]);
      if (sample.length >= Math.min(UTMP_SAMPLE_BYTES, source.sizeBytes)) records(sample);
    },
    end: () => {
      if (layout === undefined && sample.length > 0) records(sample);
      if (cut.tornBytes > 0) newest.add({ ...file, kind: 'torn', bytes: cut.tornBytes });
      source.deliver(newest.take(file));
    },
  };
}

function lastlogLines(source: LoginSource): ContentObserver {
  const file = { file: rawText(Buffer.from(source.path, 'latin1')) };
  const newest = new Newest();
  const recordBytes = lastlogRecordBytes(source.sizeBytes, source.machine);
  let record = Buffer.alloc(recordBytes);
  let position = 0;
  // The file is sparse: users who never logged in are holes, and a record may begin in one.
  const give = (): void => {
    const parsed = parseLastlogRecord(record, source.machine === 's390x');
    const uid = Math.floor((position - 1) / recordBytes);
    if (parsed !== null) {
      const { seconds, line, host } = parsed;
      newest.add({
        ...file,
        kind: 'last-login',
        uid,
        at: instant(seconds, 0),
        seconds,
        line: rawText(line),
        host: rawText(host),
      });
    }
    record = Buffer.alloc(recordBytes);
  };
  const skipTo = (offset: number): void => {
    const begun = position % recordBytes;
    if (begun !== 0 && offset >= position - begun + recordBytes) {
      position += recordBytes - begun;
      give();
    }
    position = offset;
  };
  return {
    data: (offset, bytes) => {
      if (offset > position) skipTo(offset);
      for (let at = 0; at < bytes.length;) {
        const within = position % recordBytes;
        const copied = bytes.copy(record, within, at, at + recordBytes - within);
        at += copied;
        position += copied;
        if (position % recordBytes === 0) give();
      }
    },
    end: (entry) => {
      skipTo(Math.ceil(entry.sizeBytes / recordBytes) * recordBytes);
      source.deliver(newest.take(file));
    },
  };
}

/** Rotated files may be compressed. What cannot be unpacked within the bound is said so. */
function unpacked(source: LoginSource): ContentObserver {
  const packed = source.unpacking.file(UNPACK_LIMITS);
  return {
    data: (_offset, bytes) => {
      packed.add(bytes);
    },
    end: async (entry) => {
      // The length of a record is told from the length of the whole.
      const pieces: Buffer[] = [];
      if (!(await packed.unpack((bytes) => void pieces.push(bytes)))) {
        source.deliver([{ file: rawText(Buffer.from(source.path, 'latin1')), kind: 'not-unpacked' }]);
        return;
      }
      const inner = utmpLines({ ...source, sizeBytes: pieces.reduce((sum, { length }) => sum + length, 0) });
      for (const piece of pieces) {
        await inner.data(0, piece);
        await setImmediate();
      }
      await inner.end(entry);
    },
  };
}

/** Derives the logins of a file of `login-records`. */
export function loginObserver(source: LoginSource): ContentObserver {
  if (source.path.endsWith('.gz')) return unpacked(source);
  return source.path.endsWith('/lastlog') ? lastlogLines(source) : utmpLines(source);
}
