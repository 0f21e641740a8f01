import { GrepRecords } from '../grep-records.js';
import { countOf, type BpfMention } from './bpf-views.js';

const MAX_MENTIONS = 200_000;
const REFUSED = 'exhibit-refused';

/** Programs that processes hold open, as the kernel tells it of each open file: a view that no list of programs feeds. */
export class FdinfoView {
  readonly mentions: BpfMention[] = [];
  /** Open files beyond those that are kept. */
  leftOut = 0;
  /** How often a process would not tell; `null` = the script did not say. */
  refused: number | null = null;
  readonly #maxMentions: number;
  readonly #records = new GrepRecords('LF', ({ name, content }) => {
    if (name === REFUSED) {
      this.refused = countOf(content.toString('latin1', 0, 64));
      return;
    }
    const [, id] = /^prog_id:\t(\d{1,10})$/.exec(content.toString('latin1', 0, 64)) ?? [];
    if (id === undefined || !/^\d{1,10}\/fdinfo\/\d{1,10}$/.test(name)) return;
    if (this.mentions.length >= this.#maxMentions) this.leftOut += 1;
    else this.mentions.push({ programId: Number(id), by: 'open-file', where: name });
  });

  constructor(maxMentions = MAX_MENTIONS) {
    this.#maxMentions = maxMentions;
  }

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }
}
