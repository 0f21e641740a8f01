import { gunzipSync } from 'node:zlib';
import { rawText } from '../raw-text.js';
import type { ContentObserver } from './tar-contents.js';

const MAX_PACKED_BYTES = 32 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;
/** Of a line's beginning; the time stands there in CRI's form, anywhere in Docker's. */
const KEPT_LINE_BYTES = 65_536;
const LINE_FEED = 0x0a;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** A piece of a line whose rest follows: CRI's tag `P`, or Docker's text without a line end. */
const CUT_LINE = /^\S{1,40} (?:stdout|stderr) P(?::\S*)? |^\{"log":"(?:(?:[^"\\]|\\.)*(?:[^"\\]|\\[^n]))?","/;
/** Files of one instance that are listed one by one; the kubelet keeps five. */
const MAX_FILES_SHOWN = 100;

export interface LogExtent {
  lines: number;
  /** Lines of the container: the runtime cuts a long one into several. */
  wholeLines: number;
  bytes: number;
  /** Of the first and last line that has a time, as written. */
  firstAt: string | null;
  lastAt: string | null;
}

/** `<namespace>_<pod>_<uid>/<container>/<instance>.log`, and behind it what the rotation adds. Strings are Latin-1 and untrusted. */
export interface PodLogName {
  readonly pod: string;
  readonly container: string;
  readonly instance: number;
  readonly isCurrent: boolean;
}

export function parsePodLogName(path: string): PodLogName | null {
  const match = /^\/var\/log\/pods\/([^/]+)\/([^/]+)\/(\d{1,9})\.log(\.[^/]+)?$/s.exec(path);
  if (match === null) return null;
  const [, pod = '', container = '', instance = '0', rotation] = match;
  return { pod, container, instance: Number(instance), isCurrent: rotation === undefined };
}

/** The time that the runtime wrote before or into a line: CRI's form, else Docker's. */
function timeOf(line: string): string | null {
  const cri = line.slice(0, line.indexOf(' '));
  if (TIME.test(cri)) return cri;
  const docker = /"time":"([^"]{1,40})"/.exec(line)?.[1];
  return docker !== undefined && TIME.test(docker) ? docker : null;
}

class Extent implements LogExtent {
  lines = 0;
  wholeLines = 0;
  bytes = 0;
  firstAt: string | null = null;
  lastAt: string | null = null;
  #line: Buffer[] = [];
  #lineBytes = 0;

  feed(bytes: Buffer): void {
    this.bytes += bytes.length;
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      this.#keep(bytes.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  finish(): LogExtent {
    if (this.#lineBytes > 0) this.#endLine();
    const { lines, wholeLines, bytes, firstAt, lastAt } = this;
    return { lines, wholeLines, bytes, firstAt, lastAt };
  }

  #keep(piece: Buffer): void {
    if (this.#lineBytes < KEPT_LINE_BYTES && piece.length > 0)
      this.#line.push(Buffer.from(piece.subarray(0, KEPT_LINE_BYTES - this.#lineBytes)));
    this.#lineBytes += piece.length;
  }

  #endLine(): void {
    const line = Buffer.concat(this.#line).toString('latin1');
    const at = timeOf(line);
    this.#line = [];
    this.#lineBytes = 0;
    this.lines += 1;
    if (!CUT_LINE.test(line)) this.wholeLines += 1;
    if (at === null) return;
    this.firstAt ??= at;
    this.lastAt = at;
  }
}

export interface ObservedLog {
  readonly path: string;
  readonly name: PodLogName;
  /** `null` = compressed, and not to be unpacked within the bound. */
  readonly extent: LogExtent | null;
}

/** Measures a container's log: how many lines and bytes from when to when. `deliver` is called once. */
export function podLogObserver(path: string, deliver: (log: ObservedLog) => void): ContentObserver | null {
  const name = parsePodLogName(path);
  if (name === null) return null;
  const extent = new Extent();
  if (!path.endsWith('.gz')) {
    return {
      data: (_offset, bytes) => {
        extent.feed(bytes);
      },
      end: () => {
        deliver({ path, name, extent: extent.finish() });
      },
    };
  }
  const pieces: Buffer[] = [];
  let held = 0;
  return {
    data: (_offset, bytes) => {
      held += bytes.length;
      if (held <= MAX_PACKED_BYTES) pieces.push(Buffer.from(bytes));
    },
    end: () => {
      try {
        if (held > MAX_PACKED_BYTES) throw new RangeError('too large');
        extent.feed(gunzipSync(Buffer.concat(pieces), { maxOutputLength: MAX_UNPACKED_BYTES }));
        deliver({ path, name, extent: extent.finish() });
      } catch {
        deliver({ path, name, extent: null });
      }
    },
  };
}

function sumOf(logs: readonly ObservedLog[]): object {
  const known = logs.flatMap(({ extent }) => (extent === null ? [] : [extent]));
  const firsts = known.flatMap(({ firstAt }) => (firstAt === null ? [] : [firstAt])).toSorted();
  const lasts = known.flatMap(({ lastAt }) => (lastAt === null ? [] : [lastAt])).toSorted();
  return {
    files: logs.length,
    unreadableFiles: logs.length - known.length,
    lines: known.reduce((sum, { lines }) => sum + lines, 0),
    wholeLines: known.reduce((sum, { wholeLines }) => sum + wholeLines, 0),
    bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
    firstAt: firsts.at(0) ?? null,
    lastAt: lasts.at(-1) ?? null,
  };
}

/**
 * One line per instance of a container: what lies on the disk, and what of it the log API does not serve. It serves one file, the
 * newest, of the instance that runs and of the one before it; rotated files and older instances are on the disk alone.
 */
export function logHoles(logs: readonly ObservedLog[]): object[] {
  const groups = new Map<string, ObservedLog[]>();
  const newest = new Map<string, number>();
  for (const log of logs) {
    const container = `${log.name.pod}/${log.name.container}`;
    const key = `${container}/${String(log.name.instance).padStart(9, '0')}`;
    groups.set(key, [...(groups.get(key) ?? []), log]);
    newest.set(container, Math.max(newest.get(container) ?? 0, log.name.instance));
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, files]) => {
      const { pod = '', container = '', instance = 0 } = files[0]?.name ?? {};
      const isKnown = instance >= (newest.get(`${pod}/${container}`) ?? 0) - 1;
      const served = files.filter(({ name }) => isKnown && name.isCurrent);
      const hidden = files.filter((log) => !served.includes(log));
      const [, namespace = '', podName = '', uid = ''] = /^([^_]+)_([^_]+)_([^_]+)$/.exec(pod) ?? [];
      return {
        folder: rawText(Buffer.from(pod, 'latin1')),
        namespace: rawText(Buffer.from(namespace, 'latin1')),
        pod: rawText(Buffer.from(podName, 'latin1')),
        podUid: rawText(Buffer.from(uid, 'latin1')),
        container: rawText(Buffer.from(container, 'latin1')),
        instance,
        onDisk: sumOf(files),
        servedByApi: sumOf(served),
        onDiskOnly: sumOf(hidden),
        files: files.slice(0, MAX_FILES_SHOWN).map(({ name, extent }) => ({ current: name.isCurrent, ...extent })),
      };
    });
}
