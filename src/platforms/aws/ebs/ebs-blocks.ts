import { ListChangedBlocksCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { ExhibitError } from '../../../model/errors.js';
import type {
  BlockBytes,
  BlockPage,
  BlockPlatform,
  BlockReadCounts,
  BlockSource,
  ChangedPage,
  ListedBlock,
  SnapshotFacts,
} from '../../../ports/block-source.js';
import { EbsAccess, type EbsSettings, untrue } from './ebs-access.js';
import { ebsError, ebsFailure } from './ebs-failure.js';
import { listPages, type ListPlace, PAGE_BLOCKS } from './list-pages.js';
import { readBlock } from './read-block.js';
import { snapshotFacts } from './snapshot-facts.js';

const SNAPSHOT_ID = /^snap-[0-9a-f]{8,17}$/;
/** Tokens of so many blocks are got anew at once; the least that the service lists. */
const RENEWED_BLOCKS = 100;
const MAX_RENEWALS = 3;

/**
 * Reads snapshots by the direct API of EBS. Throws `PLATFORM_UNAUTHENTICATED` where no region is configured; `source` and `changed` throw
 * `PLATFORM_UNSUITABLE` for what is no id of a snapshot.
 */
export async function createEbsBlocks(settings: EbsSettings): Promise<BlockPlatform> {
  const access = new EbsAccess(settings);
  const region = await regionOf(access);
  return {
    source: (snapshot) => new EbsSource(access, region, validId(snapshot)),
    changed: (first, second) => changedPages(access, validId(first), validId(second)),
    close: () => {
      access.close();
    },
  };
}

async function regionOf(access: EbsAccess): Promise<string> {
  try {
    return await access.lists.config.region();
  } catch (error) {
    throw ebsError(ebsFailure(error), { permission: 'a region', snapshot: 'aws' }, access.settings);
  }
}

function validId(snapshot: string): string {
  if (SNAPSHOT_ID.test(snapshot)) return snapshot;
  throw new ExhibitError('PLATFORM_UNSUITABLE', 'that is no id of a snapshot of EBS', {
    subject: snapshot,
    hints: ['aws ec2 describe-snapshots --owner-ids self'],
  });
}

class EbsSource implements BlockSource {
  readonly name: string;
  readonly snapshot: string;
  readonly #access: EbsAccess;
  /** Tokens that were got anew, by index. */
  #renewed = new Map<number, string>();
  #renewing: Promise<void> | null = null;
  #blockBytes = 0;

  constructor(access: EbsAccess, region: string, snapshot: string) {
    this.#access = access;
    this.snapshot = snapshot;
    this.name = `aws:${region}:${snapshot}`;
  }

  async facts(): Promise<SnapshotFacts> {
    return await snapshotFacts(this.#access.settings, this.snapshot);
  }

  counts(): BlockReadCounts {
    return this.#access.counts();
  }

  async *list(fromIndex: number): AsyncGenerator<BlockPage> {
    for await (const page of this.#pages(fromIndex, PAGE_BLOCKS)) {
      this.#blockBytes = page.blockBytes;
      yield page;
    }
  }

  async read(block: ListedBlock): Promise<BlockBytes> {
    for (let renewals = 0; ; renewals += 1) {
      const token = this.#renewed.get(block.index) ?? block.token;
      const wanted = { snapshot: this.snapshot, block: { index: block.index, token }, blockBytes: this.#blockBytes };
      const mayRenew = renewals < MAX_RENEWALS;
      try {
        return await readBlock(this.#access, wanted, ({ kind }) => mayRenew && kind === 'block-token');
      } catch (error) {
        if (!mayRenew || ebsFailure(error).kind !== 'block-token') throw error;
        await this.#renew(block.index, token);
      }
    }
  }

  /** One after the other, since one list renews what others wait for. */
  async #renew(index: number, staleToken: string): Promise<void> {
    while (this.#renewing !== null) await this.#renewing;
    if ((this.#renewed.get(index) ?? staleToken) !== staleToken) return;
    this.#renewing = this.#renewFrom(index).finally(() => {
      this.#renewing = null;
    });
    await this.#renewing;
  }

  async #renewFrom(index: number): Promise<void> {
    for await (const { blocks } of this.#pages(index, RENEWED_BLOCKS)) {
      // Those of the window before it may still be waited for; older ones are not.
      if (this.#renewed.size > 2 * RENEWED_BLOCKS) this.#renewed = new Map([...this.#renewed].slice(-RENEWED_BLOCKS));
      for (const block of blocks) this.#renewed.set(block.index, block.token);
      if (blocks.length > 0) break;
    }
    if (!this.#renewed.has(index)) throw untrue(this.snapshot, `block ${String(index)} is no longer listed`);
  }

  #pages(fromIndex: number, pageBlocks: number): AsyncGenerator<BlockPage> {
    const { snapshot } = this;
    return listPages(this.#access, {
      ...{ snapshot, permission: 'ebs:ListSnapshotBlocks', fromIndex },
      send: async (place: ListPlace, abortSignal) =>
        await this.#access.lists.send(
          new ListSnapshotBlocksCommand({ SnapshotId: snapshot, MaxResults: pageBlocks, ...place }),
          { abortSignal },
        ),
      blocksOf: ({ Blocks: blocks = [] }) =>
        blocks.map(({ BlockIndex: index = -1, BlockToken: token = '' }) => ({ index, token })),
    });
  }
}

function changedPages(access: EbsAccess, first: string, second: string): AsyncGenerator<ChangedPage> {
  return listPages(access, {
    ...{ snapshot: second, permission: 'ebs:ListChangedBlocks', fromIndex: 0 },
    send: async (place: ListPlace, abortSignal) =>
      await access.lists.send(
        new ListChangedBlocksCommand({
          FirstSnapshotId: first,
          SecondSnapshotId: second,
          ...{ MaxResults: PAGE_BLOCKS, ...place },
        }),
        { abortSignal },
      ),
    blocksOf: ({ ChangedBlocks: blocks = [] }) =>
      blocks.map(({ BlockIndex: index = -1, FirstBlockToken: inFirst, SecondBlockToken: inSecond }) => ({
        index,
        inFirst: isToken(inFirst),
        inSecond: isToken(inSecond),
      })),
  });
}

function isToken(token: string | null | undefined): boolean {
  return token !== undefined && token !== null && token !== '';
}
