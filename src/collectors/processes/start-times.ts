import { GrepRecords } from '../grep-records.js';
import { parseStat, type ProcessStat } from './parse-stat.js';

const LF = Buffer.from('\n');
/** Longer than any line of the kernel's. */
const MAX_BYTES = 8192;

/** Reads `<pid>/stat` of all processes as it goes by, without those of the reader's own process group. */
export class StartTimes {
  /** Clock ticks after the boot by number of the process. */
  readonly byPid = new Map<number, number>();
  readonly #records = new GrepRecords('LF', ({ name, content }) => {
    if (name !== this.#name) this.end();
    this.#name = name;
    if (this.#bytes.length < MAX_BYTES)
      this.#bytes = this.#bytes.length === 0 ? Buffer.from(content) : Buffer.concat([this.#bytes, LF, content]);
  });
  #ownGroup: number | null = null;
  #name = '';
  #bytes: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  end(): void {
    const stat: ProcessStat | null = parseStat(this.#bytes);
    const isSelf = this.#name === 'self/stat';
    this.#bytes = Buffer.alloc(0);
    if (stat === null) return;
    if (isSelf) this.#ownGroup = stat.pgrp;
    else if (stat.pgrp !== this.#ownGroup) this.byPid.set(stat.pid, stat.startTicks);
  }
}
