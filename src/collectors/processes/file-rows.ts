import { NulRows } from '../nul-rows.js';
import { STAT_WIDTH } from './scripts.js';

const REGULAR = 0o100000;
const TYPE_MASK = 0o170000;

/** What a reference of the kernel leads to. Numbers that may be beyond 2^53 are decimal text. Times are epoch seconds. */
export interface FileFacts {
  /** `<pid>/exe`, `<pid>/fd/<n>`. */
  readonly name: string;
  readonly device: string;
  readonly inode: string;
  readonly links: number;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: number;
  readonly changedAt: number;
}

export function isRegular({ mode }: FileFacts): boolean {
  return (mode & TYPE_MASK) === REGULAR;
}

/** `<device>:<inode>`: the same file, whoever has it open and by whatever name. */
export function identityOf({ device, inode }: FileFacts): string {
  return `${device}:${inode}`;
}

function parseRow(row: readonly Buffer[]): FileFacts | null {
  const [name = '', device = '', inode = '', ...rest] = row.map((field) => field.toString('latin1'));
  const [links, sizeBytes, mode, uid, gid, modifiedAt, changedAt] = rest.map((field, index) =>
    Number.parseInt(field, index === 2 ? 16 : 10),
  );
  if (!/^\d{1,10}\/(?:exe|fd\/\d{1,10})$/.test(name) || !/^\d{1,20}$/.test(device) || !/^\d{1,20}$/.test(inode))
    return null;
  const facts = { links, sizeBytes, mode, uid, gid, modifiedAt, changedAt };
  if (!Object.values(facts).every((value) => Number.isSafeInteger(value))) return null;
  return { name, device, inode, ...(facts as Record<keyof typeof facts, number>) };
}

/** Reads rows of `STAT_FORMAT` as they go by. */
export class FileRows {
  readonly files: FileFacts[] = [];
  readonly #rows = new NulRows(STAT_WIDTH, (row) => {
    const facts = parseRow(row);
    if (facts !== null) this.files.push(facts);
  });

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }
}
