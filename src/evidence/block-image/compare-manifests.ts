import { createHash } from 'node:crypto';
import type { ChangedBlock } from '../../ports/block-source.js';
import type { ManifestBlock } from './block-manifest.js';

/**
 * The blocks whose bytes differ, in ascending order; memory holds one of each. A block that is listed and holds zeros is the same as one that
 * is not listed. Throws what the two throw.
 */
export async function* compareManifests(
  first: AsyncGenerator<ManifestBlock>,
  second: AsyncGenerator<ManifestBlock>,
  blockBytes: number,
): AsyncGenerator<ChangedBlock> {
  const zeros = createHash('sha256').update(Buffer.alloc(blockBytes)).digest('hex');
  const a = new Written(first, zeros);
  const b = new Written(second, zeros);
  await a.advance();
  await b.advance();
  while (a.index !== Infinity || b.index !== Infinity) {
    const index = Math.min(a.index, b.index);
    const inFirst = a.index === index;
    const inSecond = b.index === index;
    if (inFirst !== inSecond || a.sha256 !== b.sha256) yield { index, inFirst, inSecond };
    if (inFirst) await a.advance();
    if (inSecond) await b.advance();
  }
}

/** Blocks that hold anything but zeros. At the end `index` is infinite. */
class Written {
  index = -1;
  sha256 = '';
  readonly #blocks: AsyncGenerator<ManifestBlock, unknown>;
  readonly #zeros: string;

  constructor(blocks: AsyncGenerator<ManifestBlock, unknown>, zeros: string) {
    this.#blocks = blocks;
    this.#zeros = zeros;
  }

  async advance(): Promise<void> {
    do {
      const next = await this.#blocks.next();
      this.index = next.done === true ? Infinity : next.value.index;
      this.sha256 = next.done === true ? '' : next.value.sha256;
    } while (this.sha256 === this.#zeros);
  }
}
