/** https://rpm-software-management.github.io/rpm/manual/tags.html */
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  fileModes: 1030,
  fileDigests: 1035,
  fileFlags: 1037,
  fileStates: 1029,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  digestAlgorithm: 5011,
} as const;
const WANTED = new Set<number>(Object.values(TAG));

const INT8 = 2;
const INT16 = 3;
const INT32 = 4;
const STRING_TYPES = new Set([6, 8, 9]);
const CHAR = 1;
const SIZES: Readonly<Record<number, number>> = { [CHAR]: 1, [INT8]: 1, [INT16]: 2, [INT32]: 4 };
/** As rpm itself bounds them. */
const MAX_ENTRIES = 65_535;
/** Of files and folders of one package. */
const MAX_VALUES = 300_000;
/** Of all paths of one package: a folder is named once for all of its files, so that a small header can spell out gigabytes. */
const MAX_PATHS_BYTES = 32 * 1024 * 1024;
const ENTRY_BYTES = 16;
const CONFIG = 1;
const REGULAR = 0o100000;
const TYPE_BITS = 0o170000;
/** OpenPGP's numbers. */
const ALGORITHMS: Readonly<Record<number, RpmDigestName>> = { 1: 'md5', 2: 'sha1', 8: 'sha256' };

type RpmDigestName = 'md5' | 'sha1' | 'sha256';

interface RpmFile {
  /** Absolute, Latin-1. */
  readonly path: string;
  /** Lower-case hex. */
  readonly digest: string;
  readonly isConfiguration: boolean;
}

export interface RpmPackage {
  readonly name: string;
  /** `EPOCH:VERSION-RELEASE`, without an epoch where there is none. */
  readonly version: string;
  /** `null` = an algorithm that is not known here. */
  readonly digestName: RpmDigestName | null;
  /** Regular files that rpm installed as the package has them. */
  readonly files: readonly RpmFile[];
}

interface Values {
  strings(tag: number): readonly string[];
  numbers(tag: number): readonly number[];
}

interface Entry {
  readonly type: number;
  readonly at: number;
  readonly count: number;
}

function stringsAt(data: Buffer, { at, count }: Entry): string[] {
  const found: string[] = [];
  let from = at;
  while (found.length < count) {
    const end = data.indexOf(0, from);
    if (end === -1) return found;
    found.push(data.toString('latin1', from, end));
    from = end + 1;
  }
  return found;
}

function numbersAt(data: Buffer, { at, count, type }: Entry): number[] {
  const sizeBytes = SIZES[type] ?? 0;
  if (sizeBytes === 0 || at + count * sizeBytes > data.length) return [];
  return Array.from({ length: count }, (_, index) => data.readUIntBE(at + index * sizeBytes, sizeBytes));
}

function valuesOf(blob: Buffer): Values | null {
  if (blob.length < 8) return null;
  const count = blob.readUInt32BE(0);
  const dataAt = 8 + count * ENTRY_BYTES;
  if (count > MAX_ENTRIES || dataAt + blob.readUInt32BE(4) > blob.length) return null;
  const data = blob.subarray(dataAt, dataAt + blob.readUInt32BE(4));
  const entries = new Map<number, Entry>();
  for (let at = 8; at < dataAt; at += ENTRY_BYTES) {
    const tag = blob.readUInt32BE(at);
    const entry = { type: blob.readUInt32BE(at + 4), at: blob.readUInt32BE(at + 8), count: blob.readUInt32BE(at + 12) };
    const isSound = entry.at < data.length && entry.count <= MAX_VALUES;
    if (WANTED.has(tag) && !entries.has(tag) && isSound) entries.set(tag, entry);
  }
  return {
    strings: (tag) => {
      const entry = entries.get(tag);
      return entry !== undefined && STRING_TYPES.has(entry.type) ? stringsAt(data, entry) : [];
    },
    numbers: (tag) => {
      const entry = entries.get(tag);
      return entry === undefined ? [] : numbersAt(data, entry);
    },
  };
}

/** `null` = more than a package has. */
function filesOf(values: Values): RpmFile[] | null {
  const names = values.strings(TAG.baseNames);
  const folders = values.strings(TAG.dirNames);
  const indexes = values.numbers(TAG.dirIndexes);
  const digests = values.strings(TAG.fileDigests);
  const modes = values.numbers(TAG.fileModes);
  const flags = values.numbers(TAG.fileFlags);
  const states = values.numbers(TAG.fileStates);
  const files: RpmFile[] = [];
  let pathBytes = 0;
  for (const [index, name] of names.entries()) {
    const folder = folders[indexes[index] ?? -1];
    const digest = digests[index] ?? '';
    // Another state than 0: replaced by another package's, or not installed.
    const isHere = (states[index] ?? 0) === 0 && ((modes[index] ?? 0) & TYPE_BITS) === REGULAR;
    if (folder === undefined || !isHere || !/^[0-9a-f]{32,64}$/.test(digest)) continue;
    pathBytes += folder.length + name.length;
    if (pathBytes > MAX_PATHS_BYTES) return null;
    files.push({ path: `${folder}${name}`, digest, isConfiguration: ((flags[index] ?? 0) & CONFIG) !== 0 });
  }
  return files;
}

/** A package out of a header as rpm's database has it (without the magic of a file). `null` when it is none. */
export function parseRpmHeader(blob: Buffer): RpmPackage | null {
  const values = valuesOf(blob);
  const name = values?.strings(TAG.name)[0];
  const files = values === null ? null : filesOf(values);
  if (values === null || name === undefined || files === null) return null;
  const [version = ''] = values.strings(TAG.version);
  const [release = ''] = values.strings(TAG.release);
  const [epoch] = values.numbers(TAG.epoch);
  // Packages of before 2009 do not say it.
  const [algorithm = 1] = values.numbers(TAG.digestAlgorithm);
  return {
    name,
    version: `${epoch === undefined ? '' : `${String(epoch)}:`}${version}-${release}`,
    digestName: ALGORITHMS[algorithm] ?? null,
    files,
  };
}
