import type { ChangedBlock, ImageForm } from '../../ports/block-source.js';

/** `written`: the second holds one where the first has zeros. `dropped`: the other way round. */
export type BlockChange = 'changed' | 'written' | 'dropped';

/** Neighbours of one kind. Bytes of the image: `offset` of the first one, `sizeBytes` of all. */
export interface ChangedRange {
  readonly change: BlockChange;
  readonly firstBlock: number;
  readonly blocks: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

function changeOf({ inFirst, inSecond }: ChangedBlock): BlockChange {
  if (inFirst === inSecond) return 'changed';
  return inSecond ? 'written' : 'dropped';
}

/** Joins neighbours; keeps the first `maxRanges` and counts all. */
export class ChangedRanges {
  readonly counts: Record<BlockChange, number> = { changed: 0, written: 0, dropped: 0 };
  readonly #kept: { change: BlockChange; firstBlock: number; blocks: number }[] = [];
  readonly #maxRanges: number;
  #ranges = 0;
  #last: { change: BlockChange; firstBlock: number; blocks: number } | null = null;

  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges;
  }

  add(block: ChangedBlock): void {
    const change = changeOf(block);
    this.counts[change] += 1;
    const last = this.#last;
    if (last?.change === change && last.firstBlock + last.blocks === block.index) {
      last.blocks += 1;
      return;
    }
    this.#last = { change, firstBlock: block.index, blocks: 1 };
    this.#ranges += 1;
    if (this.#kept.length < this.#maxRanges) this.#kept.push(this.#last);
  }

  /** How many there are, kept or not. */
  get total(): number {
    return this.#ranges;
  }

  /** The last block of an image may be shorter. */
  kept({ sizeBytes, blockBytes }: ImageForm): ChangedRange[] {
    return this.#kept.map(({ change, firstBlock, blocks }) => {
      const offset = firstBlock * blockBytes;
      return { change, firstBlock, blocks, offset, sizeBytes: Math.min(sizeBytes - offset, blocks * blockBytes) };
    });
  }
}
