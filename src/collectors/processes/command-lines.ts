import { GrepRecords } from '../grep-records.js';

/** Bytes and arguments of one process that are kept for the derived line; the raw records have all. */
const MAX_BYTES = 8192;
const MAX_ARGUMENTS = 256;

export interface CommandLine {
  readonly args: Buffer[];
  /** Bytes in all, without the ends of the arguments. */
  sizeBytes: number;
  count: number;
}

/** Reads the records of the guarded script over `cmdline` as they go by. */
export class CommandLines {
  readonly byPid = new Map<number, CommandLine>();
  /** Processes whose memory could not be read in time. */
  readonly blocked = new Set<number>();
  /** Processes whose arguments are so long that only their beginning was read. */
  readonly cut = new Set<number>();
  readonly #records = new GrepRecords('NUL', ({ name, content }) => {
    this.#take(name, content);
  });

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  #take(name: string, content: Buffer): void {
    if (name === 'exhibit/void') {
      for (const pid of content.toString('latin1').split(' ')) this.byPid.delete(Number(pid));
      return;
    }
    if (name === 'exhibit/blocked') {
      this.blocked.add(Number.parseInt(content.toString('latin1'), 10));
      return;
    }
    if (name === 'exhibit/cut') {
      this.cut.add(Number.parseInt(content.toString('latin1'), 10));
      return;
    }
    const pid = Number(/^(\d{1,10})\/cmdline$/.exec(name)?.[1]);
    if (!Number.isSafeInteger(pid)) return;
    const line = this.byPid.get(pid) ?? { args: [], sizeBytes: 0, count: 0 };
    this.byPid.set(pid, line);
    if (line.sizeBytes < MAX_BYTES && line.args.length < MAX_ARGUMENTS)
      line.args.push(Buffer.from(content.subarray(0, MAX_BYTES - line.sizeBytes)));
    line.sizeBytes += content.length;
    line.count += 1;
  }
}
