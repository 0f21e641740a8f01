import type { ImageForm } from '../../../ports/block-source.js';
import { type EbsAccess, untrue } from './ebs-access.js';
import { ebsFailure } from './ebs-failure.js';

/** What both lists of EBS have in common. */
interface ListAnswer {
  readonly VolumeSize?: number | undefined;
  readonly BlockSize?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** Where a list goes on: by the service's token, else from an index. */
export interface ListPlace {
  readonly NextToken?: string;
  readonly StartingBlockIndex?: number;
}

export interface Listing<Answer extends ListAnswer, Block extends { readonly index: number }> {
  readonly snapshot: string;
  readonly permission: string;
  readonly fromIndex: number;
  readonly send: (place: ListPlace, abortSignal: AbortSignal) => Promise<Answer>;
  /** Entries of an answer; throws nothing, an index that is none is -1. */
  readonly blocksOf: (answer: Answer) => readonly Block[];
}

/** The only size that EBS has blocks of. */
const BLOCK_BYTES = 524_288;
const GIB = 1024 ** 3;
/** The largest volume has 64 TiB. */
const MAX_GIB = 65_536;
export const PAGE_BLOCKS = 10_000;
const MAX_PAGE_BLOCKS = 2 * PAGE_BLOCKS;
const MAX_EMPTY_PAGES = 1000;
const MAX_TOKEN = 4096;

/**
 * The pages of a list, each checked: form the same on all, indexes ascending and within the volume. Pages may be empty. A token for the next
 * page that is no longer taken (they live an hour) is replaced by the index that comes next.
 */
export async function* listPages<Answer extends ListAnswer, Block extends { readonly index: number }>(
  access: EbsAccess,
  listing: Listing<Answer, Block>,
): AsyncGenerator<ImageForm & { readonly blocks: readonly Block[] }> {
  const { snapshot, fromIndex } = listing;
  let next = fromIndex;
  let place: ListPlace = fromIndex === 0 ? {} : { StartingBlockIndex: fromIndex };
  let form: ImageForm | null = null;
  for (let empty = 0; empty <= MAX_EMPTY_PAGES;) {
    const answer = await ask(access, listing, place);
    if (answer === null) {
      if (form !== null && next >= blocksIn(form)) return;
      place = { StartingBlockIndex: next };
      empty += 1;
      continue;
    }
    form = sameForm(form, formOf(answer, snapshot), snapshot);
    const blocks = listing.blocksOf(answer);
    next = checkOrder(blocks, { next, form, snapshot });
    yield { ...form, blocks };
    const { NextToken: token } = answer;
    if (token === undefined || token === '') return;
    if (token.length > MAX_TOKEN) throw untrue(snapshot, 'a token of a page has no end');
    if (token === place.NextToken && blocks.length === 0) throw untrue(snapshot, 'its list of blocks stands still');
    empty = blocks.length === 0 ? empty + 1 : 0;
    place = { NextToken: token };
  }
  throw untrue(snapshot, 'its list of blocks has no end');
}

/** `null` = the token of the place is not taken any more. */
async function ask<Answer extends ListAnswer, Block extends { readonly index: number }>(
  access: EbsAccess,
  { snapshot, permission, send }: Listing<Answer, Block>,
  place: ListPlace,
): Promise<Answer | null> {
  const isToken = place.NextToken !== undefined;
  try {
    return await access.persist(
      { permission, snapshot },
      async (abortSignal) => await send(place, abortSignal),
      ({ kind }) => isToken && kind === 'page-token',
    );
  } catch (error) {
    if (isToken && ebsFailure(error).kind === 'page-token') return null;
    throw error;
  }
}

function formOf({ VolumeSize: gib, BlockSize: blockBytes }: ListAnswer, snapshot: string): ImageForm {
  if (gib === undefined || !Number.isSafeInteger(gib) || gib < 1 || gib > MAX_GIB)
    throw untrue(snapshot, 'the volume has no size, or one that no volume has');
  if (blockBytes !== BLOCK_BYTES)
    throw untrue(snapshot, `its blocks have ${String(blockBytes)} bytes, and all blocks have ${String(BLOCK_BYTES)}`);
  return { sizeBytes: gib * GIB, blockBytes };
}

function sameForm(known: ImageForm | null, form: ImageForm, snapshot: string): ImageForm {
  if (known !== null && known.sizeBytes !== form.sizeBytes)
    throw untrue(snapshot, 'the size of the volume is another one on the next page');
  return form;
}

function blocksIn({ sizeBytes, blockBytes }: ImageForm): number {
  return Math.ceil(sizeBytes / blockBytes);
}

interface Order {
  readonly next: number;
  readonly form: ImageForm;
  readonly snapshot: string;
}

/** The index that comes next. */
function checkOrder(blocks: readonly { readonly index: number }[], { next, form, snapshot }: Order): number {
  if (blocks.length > MAX_PAGE_BLOCKS) throw untrue(snapshot, 'a page of its list has no end');
  const end = blocksIn(form);
  let expected = next;
  for (const { index } of blocks) {
    if (!Number.isSafeInteger(index) || index < 0) throw untrue(snapshot, 'a block of its list has no number');
    if (index < expected) throw untrue(snapshot, `block ${String(index)} is listed twice or out of order`);
    if (index >= end) throw untrue(snapshot, `block ${String(index)} is listed, and the volume ends before it`);
    expected = index + 1;
  }
  return expected;
}
