import type { BlockBytes, BlockPage, BlockSource } from '../../ports/block-source.js';

/** One block where it belongs. */
export interface ImageBlock extends BlockBytes {
  readonly index: number;
}

/** So many are asked for ahead; what came too early waits in memory, half a MiB each. */
const WINDOW = 32;

/**
 * The blocks of the pages in their order, read many at once. Throws what the source throws; whoever ends
 * early closes the source, since reads may still run. */
export async function* blocksInOrder(source: BlockSource, pages: AsyncIterable<BlockPage>): AsyncGenerator<ImageBlock> {
  const coming: Promise<ImageBlock>[] = [];
  for await (const { blocks } of pages) {
    for (const block of blocks) {
      const next = coming.length < WINDOW ? undefined : await coming.shift();
      const read = source.read(block).then((got) => ({ ...got, index: block.index }));
      // Its failure is noticed when its turn comes, also when an earlier one fails first.
      read.catch(() => undefined);
      coming.push(read);
      if (next !== undefined) yield next;
    }
  }
  for (let next = coming.shift(); next !== undefined; next = coming.shift()) yield await next;
}
