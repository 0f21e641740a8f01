import { NulRows } from '../nul-rows.js';
import { STAT_FIELDS } from './script.js';

/** A file as the node's tools described it. Numbers and times are decimal text of theirs, checked by who writes them out. */
export interface ExecutableFile {
  /** Relative to the node's root, without a slash before it; bytes. */
  readonly path: Buffer;
  readonly sizeBytes: number;
  /** Permission and set-id bits; -1, as the numbers after it, for a file too large to be looked into. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly device: number;
  readonly inode: number;
  /** Seconds since 1970 with nine digits after the point. */
  readonly modified: string;
  readonly changed: string;
  /** `null` = it could not be read, or is too large. */
  sha256: string | null;
  kind: 'elf' | 'script' | 'other';
  /** The first line of a script, `#!` included. */
  interpreter: string | null;
}

const HASH = /^([0-9a-f]{64}) {2}(\.\/[^]*)$/;

const integer = (field: Buffer | undefined, base = 10): number => {
  const value = Number.parseInt(field?.toString('latin1') ?? '', base);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
};

const text = (field: Buffer | undefined): string => field?.toString('latin1') ?? '';

function timeOf(field: Buffer | undefined): string {
  const value = text(field);
  return /^-?\d{1,15}\.\d{9}$/.test(value) ? value : '';
}

function fileOf(row: readonly Buffer[]): ExecutableFile {
  const [name, size, mode, uid, gid, links, device, inode, modified, changed] = row;
  return {
    path: name?.subarray(2) ?? Buffer.alloc(0),
    sizeBytes: integer(size),
    mode: integer(mode, 16) & 0o7777,
    uid: integer(uid),
    gid: integer(gid),
    links: integer(links),
    device: integer(device),
    inode: integer(inode),
    modified: timeOf(modified),
    changed: timeOf(changed),
    sha256: null,
    kind: 'other',
    interpreter: null,
  };
}

/** Reads what `EXECUTABLES_SCRIPT` prints as it goes by; holds one batch. */
export class ExecutableReader {
  files = 0;
  /** Files that are there and could not be read. */
  unread = 0;
  tooLarge = 0;
  malformed = 0;
  readonly #rows: NulRows;
  readonly #ready: ExecutableFile[] = [];
  #batch = new Map<string, ExecutableFile>();
  /** Of the batch; `null` until it is named. */
  #folder: Buffer | null = null;
  #isFolderNext = false;
  #row: Buffer[] | null = null;
  #wanted = 0;
  #named: string | null = null;
  /** Of this batch. */
  #strangeHashes = 0;

  constructor() {
    this.#rows = new NulRows(1, ([field]) => {
      if (field !== undefined) this.#take(field);
    });
  }

  feed(bytes: Buffer): void {
    this.#rows.feed(bytes);
  }

  /** The files of the batches that are whole, each once. */
  take(): readonly ExecutableFile[] {
    return this.#ready.splice(0);
  }

  /** Whether the stream ended at the end of a batch. */
  get isBetweenBatches(): boolean {
    return (
      this.#row === null &&
      this.#named === null &&
      this.#folder === null &&
      this.#batch.size === 0 &&
      this.#rows.isBetweenRows
    );
  }

  #take(field: Buffer): void {
    if (this.#row !== null) {
      this.#addToRow(this.#row, field);
      return;
    }
    const value = text(field);
    if (this.#isFolderNext) {
      this.#isFolderNext = false;
      this.#folder = field;
    } else if (this.#named !== null) {
      this.#begins(this.#named, value);
      this.#named = null;
    } else if (value === 'S' || value === 'B') {
      this.#row = [];
      this.#wanted = value === 'S' ? STAT_FIELDS : 2;
    } else if (value === 'D') {
      this.#isFolderNext = true;
    } else if (value === 'E') {
      this.#endBatch();
    } else if (value === 'V') {
      this.#voidHashes();
    } else if (value.startsWith('./')) {
      this.#named = value;
    } else {
      this.#hash(value);
    }
  }

  #addToRow(row: Buffer[], field: Buffer): void {
    row.push(field);
    if (row.length < this.#wanted) return;
    this.#row = null;
    if (this.#wanted === 2) {
      this.tooLarge += 1;
      this.#ready.push({ ...fileOf(row), mode: -1, uid: -1, gid: -1, links: -1, device: -1, inode: -1 });
    } else {
      this.#batch.set(text(row[0]), { ...fileOf(row), path: this.#pathOf(row[0]) });
    }
  }

  /** From the node's root, of a name in the folder of the batch. */
  #pathOf(name: Buffer | undefined): Buffer {
    if (name === undefined) return Buffer.alloc(0);
    if (this.#folder === null) return name.subarray(2);
    return Buffer.concat([this.#folder.subarray(2), name.subarray(1)]);
  }

  #hash(value: string): void {
    const [, sha256, name] = HASH.exec(value) ?? [];
    const file = this.#batch.get(name ?? '');
    if (sha256 === undefined || file === undefined) this.#strangeHashes += 1;
    else file.sha256 = sha256;
  }

  #begins(name: string, value: string): void {
    const file = this.#batch.get(name);
    if (file === undefined || !value.startsWith('0:')) return;
    const beginning = value.slice(2);
    file.kind = beginning.startsWith('#!') ? 'script' : 'elf';
    if (file.kind === 'script') file.interpreter = beginning;
  }

  /** They were ended in the middle of one, which may look like that of another name. */
  #voidHashes(): void {
    for (const file of this.#batch.values()) file.sha256 = null;
    this.#strangeHashes = 0;
  }

  #endBatch(): void {
    this.malformed += this.#strangeHashes;
    this.#strangeHashes = 0;
    for (const file of this.#batch.values()) {
      this.files += 1;
      if (file.sha256 === null) this.unread += 1;
      this.#ready.push(file);
    }
    this.#batch = new Map();
    this.#folder = null;
  }
}
