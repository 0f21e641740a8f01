import { rawText } from '../raw-text.js';
import type { ContentObserver } from './tar-contents.js';
import type { Unpacking } from './unpacking.js';

const UNPACK_LIMITS = { maxPackedBytes: 32 * 1024 * 1024, maxUnpackedBytes: 128 * 1024 * 1024 };
/** Of a line's beginning; the time stands there in CRI's form, anywhere in Docker's. */
const KEPT_LINE_BYTES = 65_536;
const LINE_FEED = 0x0a;
const BRACE = 0x7b;
const [DIGIT_0, DIGIT_9] = [0x30, 0x39];
/** A shorter line has neither a time nor a sign that it was cut. */
const MIN_TOLD_BYTES = 11;
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
    for (;;) {
      // Empty lines cost a step each, not a search.
      if (this.#lineBytes === 0) from += this.#emptyLines(bytes, from);
      const end = bytes.indexOf(LINE_FEED, from);
      if (end === -1) break;
      if (this.#lineBytes === 0) this.#take(bytes, from, end);
      else this.#endKept(bytes.subarray(from, end));
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  finish(): LogExtent {
    if (this.#lineBytes > 0) this.#endKept(Buffer.alloc(0));
    const { lines, wholeLines, bytes, firstAt, lastAt } = this;
    return { lines, wholeLines, bytes, firstAt, lastAt };
  }

  #emptyLines(bytes: Buffer, from: number): number {
    let at = from;
    while (bytes[at] === LINE_FEED) at += 1;
    this.lines += at - from;
    this.wholeLines += at - from;
    return at - from;
  }

  #keep(piece: Buffer): void {
    if (this.#lineBytes < KEPT_LINE_BYTES && piece.length > 0)
      this.#line.push(Buffer.from(piece.subarray(0, KEPT_LINE_BYTES - this.#lineBytes)));
    this.#lineBytes += piece.length;
  }

  #endKept(piece: Buffer): void {
    this.#keep(piece);
    const line = Buffer.concat(this.#line);
    this.#line = [];
    this.#lineBytes = 0;
    this.#take(line, 0, line.length);
  }

  #take(bytes: Buffer, from: number, end: number): void {
    this.lines += 1;
    if (!mayTell(bytes, from, end)) {
      this.wholeLines += 1;
      return;
    }
    const line = bytes.toString('latin1', from, Math.min(end, from + KEPT_LINE_BYTES));
    if (!CUT_LINE.test(line)) this.wholeLines += 1;
    const at = timeOf(line);
    if (at === null) return;
    this.firstAt ??= at;
    this.lastAt = at;
  }
}

/** Whether a line may be one that a runtime wrote: a time comes first, or an object of JSON. */
function mayTell(bytes: Buffer, from: number, end: number): boolean {
  const first = bytes[from] ?? 0;
  return end - from >= MIN_TOLD_BYTES && (first === BRACE || (first >= DIGIT_0 && first <= DIGIT_9));
}

export interface ObservedLog {
  readonly path: string;
  readonly name: PodLogName;
  /** `null` = compressed, and not to be unpacked within the bound. */
  readonly extent: LogExtent | null;
}

export interface LogSource {
  /** Absolute path, Latin-1. */
  readonly path: string;
  readonly unpacking: Unpacking;
  /** Told once, at the end. */
  readonly deliver: (log: ObservedLog) => void;
}

/** Measures a container's log: how many lines and bytes from when to when. */
export function podLogObserver({ path, unpacking, deliver }: LogSource): ContentObserver | null {
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
  const packed = unpacking.file(UNPACK_LIMITS);
  return {
    data: (_offset, bytes) => {
      packed.add(bytes);
    },
    end: async () => {
      const isWhole = await packed.unpack((bytes) => {
        extent.feed(bytes);
      });
      deliver({ path, name, extent: isWhole ? extent.finish() : null });
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
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(log);
    newest.set(container, Math.max(newest.get(container) ?? 0, log.name.instance));
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, files]) => {
      const { pod = '', container = '', instance = 0 } = files[0]?.name ?? {};
      const isKnown = instance >= (newest.get(`${pod}/${container}`) ?? 0) - 1;
      const isServed = ({ name }: ObservedLog): boolean => isKnown && name.isCurrent;
      const [, namespace = '', podName = '', uid = ''] = /^([^_]+)_([^_]+)_([^_]+)$/.exec(pod) ?? [];
      return {
        folder: rawText(Buffer.from(pod, 'latin1')),
        namespace: rawText(Buffer.from(namespace, 'latin1')),
        pod: rawText(Buffer.from(podName, 'latin1')),
        podUid: rawText(Buffer.from(uid, 'latin1')),
        container: rawText(Buffer.from(container, 'latin1')),
        instance,
        onDisk: sumOf(files),
        servedByApi: sumOf(files.filter(isServed)),
        onDiskOnly: sumOf(files.filter((log) => !isServed(log))),
        files: files.slice(0, MAX_FILES_SHOWN).map(({ name, extent }) => ({ current: name.isCurrent, ...extent })),
      };
    });
}
