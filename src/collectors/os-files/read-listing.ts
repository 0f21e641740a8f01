import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { NodeCommandEnd } from '../../ports/node-access.js';
import { interrupted } from '../interrupted.js';
import type { NodeWork } from '../node-step.js';
import { LISTING_SCRIPT } from './far-scripts.js';
import { Listing } from './listing.js';
import { listingSpecOf } from './path-pattern.js';

/** Bytes of one listing: some 200,000 files. It waits in memory until it is known whether there is anything. */
const MAX_LISTING_BYTES = 32 * 1024 * 1024;

export interface ReadListing {
  readonly listing: Listing;
  readonly raw: readonly Buffer[];
  readonly end: NodeCommandEnd;
  /** Whether the script ended well and its rows are rows. */
  readonly isWhole: boolean;
}

function stdinOf({ paths, limits, exclude }: CatalogueEntry): Buffer {
  const lines = paths.map((pattern) => {
    const { base, depth, regex, prune } = listingSpecOf(pattern, limits.maxDepth, exclude);
    return `${base}\t${depth}\t${regex}\t${prune}\n`;
  });
  return Buffer.from(lines.join(''), 'latin1');
}

/** Asks what there is of an artifact, without opening any file. Throws `INTERRUPTED` and `NODE_ACCESS_LOST`. */
export async function readListing(
  entry: CatalogueEntry,
  { access, context }: Pick<NodeWork, 'access' | 'context'>,
): Promise<ReadListing> {
  const listing = new Listing(entry);
  const raw: Buffer[] = [];
  const end = await access.run(
    {
      name: `os-files-list-${entry.name}`,
      script: LISTING_SCRIPT,
      args: [entry.only],
      stdin: stdinOf(entry),
      maxBytes: MAX_LISTING_BYTES,
      signal: context.signal,
    },
    {
      chunk: (bytes) => {
        raw.push(Buffer.from(bytes));
        listing.feed(bytes);
      },
    },
  );
  if (end.end === 'aborted') throw interrupted();
  return { listing, raw, end, isWhole: end.end === 'complete' && end.exitStatus === 0 && listing.isSound };
}
