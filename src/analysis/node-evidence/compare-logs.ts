import { instantNs } from './instant-ns.js';

/** How much of a log there is somewhere. Times as written there. */
export interface LogExtent {
  readonly lines: number;
  readonly bytes: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
}

/** What the disk has of one instance of a container, file by file. */
export interface DiskLog {
  readonly files: readonly LogExtent[];
  /** Compressed ones that could not be unpacked. */
  readonly unreadableFiles: number;
}

/** How far two copies of one log agree, lines counted as the container wrote them. */
export interface LogDifference {
  readonly onDisk: LogExtent;
  /** `null` = the API gave nothing of this instance. */
  readonly fromApi: LogExtent | null;
  /** What only the disk has. `bytes` are those of whole files, as they lie there. */
  readonly onlyOnDisk: LogExtent;
  /** What only the API gave: it was written, or the files rotated away, after the disk was read. Bytes are not known. */
  readonly onlyFromApi: LogExtent;
}

const NOTHING: LogExtent = { lines: 0, bytes: 0, firstAt: null, lastAt: null };

const before = (one: string, other: string): boolean => {
  const [mine, its] = [instantNs(one), instantNs(other)];
  return mine !== null && its !== null && mine < its;
};

const earliest = (one: string | null, other: string | null): string | null =>
  one === null || (other !== null && before(other, one)) ? other : one;
const latest = (one: string | null, other: string | null): string | null =>
  one === null || (other !== null && before(one, other)) ? other : one;

export function sumOfLogs(extents: readonly LogExtent[]): LogExtent {
  return extents.reduce(
    (sum, { lines, bytes, firstAt, lastAt }) => ({
      lines: sum.lines + lines,
      bytes: sum.bytes + bytes,
      firstAt: earliest(sum.firstAt, firstAt),
      lastAt: latest(sum.lastAt, lastAt),
    }),
    NOTHING,
  );
}

/** Whether a file ends before what the API gave begins, or begins after that ended: then all of it is on the disk alone. */
function isApart({ firstAt, lastAt }: LogExtent, api: LogExtent): boolean {
  if (firstAt === null || lastAt === null || api.firstAt === null || api.lastAt === null) return false;
  return before(lastAt, api.firstAt) || before(api.lastAt, firstAt);
}

/** The piece of the log in `mine` that lies before `its` begins or after it ends; the number of lines is the difference. */
function surplus(mine: LogExtent, its: LogExtent): LogExtent {
  const lines = Math.max(0, mine.lines - its.lines);
  if (lines === 0) return NOTHING;
  const isEarlier = mine.firstAt !== null && its.firstAt !== null && before(mine.firstAt, its.firstAt);
  const isLater = mine.lastAt !== null && its.lastAt !== null && before(its.lastAt, mine.lastAt);
  return {
    lines,
    bytes: 0,
    firstAt: isEarlier || its.firstAt === null ? mine.firstAt : isLater ? its.lastAt : its.firstAt,
    lastAt: isLater || its.lastAt === null ? mine.lastAt : isEarlier ? its.firstAt : its.lastAt,
  };
}

/**
 * Compares what lies on the disk with what the API gave of the same instance. A file whose times lie wholly outside those of the API's is on
 * the disk alone, line by line; of files that share time with it the numbers of lines are subtracted, which is exact where one copy holds
 * the other. Pure.
 */
export function compareLogs({ files }: DiskLog, fromApi: LogExtent | null): LogDifference {
  const onDisk = sumOfLogs(files);
  if (fromApi === null) return { onDisk, fromApi, onlyOnDisk: onDisk, onlyFromApi: NOTHING };
  const apart = files.filter((file) => fromApi.lines === 0 || isApart(file, fromApi));
  const shared = sumOfLogs(files.filter((file) => !apart.includes(file)));
  return {
    onDisk,
    fromApi,
    onlyOnDisk: sumOfLogs([...apart, surplus(shared, fromApi)]),
    onlyFromApi: surplus(fromApi, shared),
  };
}
