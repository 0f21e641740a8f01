import { GrepRecords } from '../grep-records.js';
import type { BpfMention } from './bpf-views.js';

const MAX_MENTIONS = 200_000;

/** Programs that processes hold open, as the kernel tells it of each open file: a view that no list of programs feeds. */
export class FdinfoView {
  readonly mentions: BpfMention[] = [];
  readonly #records = new GrepRecords('LF', ({ name, content }) => {
    const [, id] = /^prog_id:\t(\d{1,10})$/.exec(content.toString('latin1', 0, 64)) ?? [];
    if (id === undefined || !/^\d{1,10}\/fdinfo\/\d{1,10}$/.test(name) || this.mentions.length >= MAX_MENTIONS) return;
    this.mentions.push({ programId: Number(id), by: 'open-file', where: name });
  });

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }
}
