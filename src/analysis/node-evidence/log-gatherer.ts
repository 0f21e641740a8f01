import { LineSplitter } from '../../evidence/line-splitter.js';
import { parseAsciiJson } from '../../lib/ascii-json.js';
import { safeSegment } from '../../lib/safe-path.js';
import { arrayAt, integerAt, stringAt } from '../../lib/untyped.js';
import type { ByteTaker } from './byte-taker.js';
import { compareLogs, type DiskLog, type LogExtent } from './compare-logs.js';
import { FirstFew } from './first-few.js';
import { LogSpan } from './log-span.js';
import type { LogComparison, LogHole } from './node-evidence.js';

/** Instances of containers that are told apart. */
const MAX_LOGS = 50_000;
const MAX_FILES = 100;
const MAX_HOLES = 100;
const MAX_ITEM_LINE_BYTES = 1024 * 1024;
const API_LOG = /^data\/pods\/[^/]+\/[^/]+\/([^/]+)\/(current|previous)(?:-r\d{1,9})?(?:\.r\d)?\.log$/;
const ITEMS = 'meta/items.jsonl';

interface OnDisk extends DiskLog {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly instance: number;
}

interface FromApi {
  readonly path: string;
  readonly container: string;
  readonly isCurrent: boolean;
  readonly span: LogSpan;
}

interface Matched {
  readonly span: LogSpan;
  readonly outcome: string;
}

function extentOf(value: unknown): LogExtent | null {
  const lines = integerAt(value, 'wholeLines') ?? integerAt(value, 'lines');
  const bytes = integerAt(value, 'bytes');
  if (lines === undefined || bytes === undefined) return null;
  return { lines, bytes, firstAt: stringAt(value, 'firstAt') ?? null, lastAt: stringAt(value, 'lastAt') ?? null };
}

const rawAt = (value: unknown, key: string): string =>
  Buffer.from(stringAt(value, key, 'b64') ?? '', 'base64').toString('utf8');

const keyOf = (podUid: string, container: string, instance: number): string =>
  `${podUid} ${container} ${String(instance)}`;

/**
 * Holds the logs of containers as they lie on the disks of the nodes against those that the API gave, both of one archive. Files must come in
 * the order of their paths: what lies on the disk first, the API's next, and last the list that says whose they are.
 */
export class LogGatherer {
  readonly #onDisk = new Map<string, OnDisk>();
  readonly #fromApi = new Map<string, FromApi>();
  readonly #matched = new Map<string, Matched>();
  #isCut = false;
  #hasApiLogs = false;
  readonly #uidOf: (nodeUid: string) => string;

  /** `uidOf`: a pod's UID by that under which the node knows it. */
  constructor(uidOf: (nodeUid: string) => string) {
    this.#uidOf = uidOf;
  }

  /** What takes the lines of a `log-holes` file. */
  diskTaker(node: string): (value: unknown) => boolean {
    return (value) => {
      const instance = integerAt(value, 'instance');
      const uid = rawAt(value, 'podUid');
      if (instance === undefined || uid === '') return false;
      if (this.#onDisk.size >= MAX_LOGS) {
        this.#isCut = true;
        return true;
      }
      const container = rawAt(value, 'container');
      const files = arrayAt(value, 'files')
        .slice(0, MAX_FILES)
        .flatMap((file) => extentOf(file) ?? []);
      const unreadableFiles = integerAt(value, 'onDisk', 'unreadableFiles') ?? 0;
      if ((integerAt(value, 'onDisk', 'files') ?? 0) > files.length + unreadableFiles) this.#isCut = true;
      const named = { node, namespace: rawAt(value, 'namespace'), pod: rawAt(value, 'pod'), container, instance };
      const key = keyOf(this.#uidOf(uid), safeSegment(container), instance);
      this.#onDisk.set(key, { ...named, files, unreadableFiles });
      return true;
    };
  }

  /** What takes the bytes of the logs of the API and of the list of files; `null` = nobody needs this file. */
  takerOf(path: string): ByteTaker | null {
    if (this.#onDisk.size === 0) return null;
    if (path === ITEMS) return this.#itemTaker();
    const [, container, which] = API_LOG.exec(path) ?? [];
    if (container === undefined) return null;
    this.#hasApiLogs = true;
    const span = new LogSpan();
    if (this.#fromApi.size < MAX_LOGS)
      this.#fromApi.set(path, { path, container, isCurrent: which === 'current', span });
    else this.#isCut = true;
    return span;
  }

  /** `null` = no log lies on a disk here, or none came from the API: there is nothing to compare. */
  summary(): LogComparison | null {
    if (this.#onDisk.size === 0 || !this.#hasApiLogs) return null;
    const holes = new FirstFew<LogHole>(MAX_HOLES, (one, other) => other.onlyOnDisk.lines - one.onlyOnDisk.lines);
    let linesOnlyOnDisk = 0;
    let linesOnlyFromApi = 0;
    for (const [key, disk] of this.#onDisk) {
      const { files: _, ...named } = disk;
      const matched = this.#matched.get(key);
      const difference = compareLogs(disk, matched?.span ?? null);
      linesOnlyOnDisk += difference.onlyOnDisk.lines;
      linesOnlyFromApi += difference.onlyFromApi.lines;
      const isWhole = difference.onlyOnDisk.lines + difference.onlyFromApi.lines + disk.unreadableFiles === 0;
      if (isWhole) continue;
      const { onDisk, fromApi, onlyOnDisk, onlyFromApi } = difference;
      const given = fromApi === null ? null : extentCopy(fromApi);
      holes.add({ ...named, onDisk, fromApi: given, apiOutcome: matched?.outcome ?? null, onlyOnDisk, onlyFromApi });
    }
    return {
      compared: this.#onDisk.size,
      holes: holes.items,
      holesTotal: holes.total,
      linesOnlyOnDisk,
      linesOnlyFromApi,
      isCut: this.#isCut,
    };
  }

  #itemTaker(): ByteTaker {
    let isUsable = true;
    const lines = new LineSplitter(MAX_ITEM_LINE_BYTES, (line) => {
      // Only few of a million items are logs.
      if (line.includes('"data/pods/')) this.#takeItem(parseAsciiJson(line.toString('latin1', 0, line.length - 1)));
    });
    return {
      write: (bytes) => {
        isUsable &&= lines.write(bytes);
      },
      end: () => {
        if (!isUsable) this.#isCut = true;
      },
    };
  }

  #takeItem(item: unknown): void {
    const log = this.#fromApi.get(stringAt(item, 'path') ?? '');
    const uid = stringAt(item, 'subject', 'podUid');
    const before = integerAt(item, 'subject', 'restartCount', 'before');
    const after = integerAt(item, 'subject', 'restartCount', 'after');
    if (log === undefined || uid === undefined || after === undefined) return;
    // Restarted while it was read: nobody knows whose lines these are.
    if (log.isCurrent && before !== after) return;
    const key = keyOf(uid, log.container, log.isCurrent ? after : after - 1);
    this.#matched.set(key, { span: log.span, outcome: stringAt(item, 'outcome') ?? '' });
  }
}

const extentCopy = ({ lines, bytes, firstAt, lastAt }: LogExtent): LogExtent => ({ lines, bytes, firstAt, lastAt });
