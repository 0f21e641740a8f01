import { createHash } from 'node:crypto';
import { ExhibitError } from '../../model/errors.js';
import type { BlockPage, BlockSource, ImageForm } from '../../ports/block-source.js';
import { blockLine, headLine, tailLine } from './block-manifest.js';
import { blocksInOrder, type ImageBlock } from './blocks-in-order.js';
import type { ImageFile } from './image-file.js';
import { ImageHash } from './image-hash.js';

export interface HashImageOptions {
  readonly source: BlockSource;
  /** Takes the block manifest in pieces. */
  readonly writeManifest: (text: string) => void | Promise<void>;
  /** Where the image itself is written; `null` = nowhere. */
  readonly file: ImageFile | null;
  readonly signal: AbortSignal;
  readonly onProgress: (state: ImageProgress) => void;
}

export interface ImageProgress extends ImageForm {
  /** Bytes of the image that are hashed, zeros among them. */
  readonly doneBytes: number;
  readonly blocks: number;
}

export interface HashedImage extends ImageForm {
  readonly imageSha256: string;
  /** That the platform holds; all others are zeros. */
  readonly blocks: number;
  /** Of these, so many were on this disk already and were hashed from there. */
  readonly keptBlocks: number;
}

const MANIFEST_PIECE = 64 * 1024;

/** One pass over the blocks: whole digest, manifest and file. */
class ImagePass {
  readonly form: ImageForm;
  readonly #hash: ImageHash;
  readonly #options: HashImageOptions;
  #manifest: string;
  #next = 0;
  blocks = 0;

  constructor({ sizeBytes, blockBytes }: ImageForm, options: HashImageOptions) {
    const form = { sizeBytes, blockBytes };
    this.form = form;
    this.#options = options;
    this.#hash = new ImageHash(form, options.signal);
    this.#manifest = headLine({ source: options.source.name, ...form });
  }

  /** The first index that was not taken yet. */
  get next(): number {
    return this.#next;
  }

  get isAtEnd(): boolean {
    return this.#next * this.form.blockBytes >= this.form.sizeBytes;
  }

  async take(block: ImageBlock, file: ImageFile | null): Promise<void> {
    const own = await this.#hash.block(block.index, block.bytes);
    const sha256 = own.length === block.bytes.length ? block.sha256 : createHash('sha256').update(own).digest('hex');
    const entry = { index: block.index, sha256 };
    if (file !== null) await file.write(entry, own, block.index * this.form.blockBytes);
    await this.#write(blockLine(entry));
    this.#next = block.index + 1;
    block.release?.();
    this.blocks += 1;
    this.#options.onProgress({ ...this.form, doneBytes: this.#hash.doneBytes, blocks: this.blocks });
  }

  async end(): Promise<string> {
    const imageSha256 = await this.#hash.digest();
    this.#manifest += tailLine({ blocks: this.blocks, imageSha256 });
    await this.#options.writeManifest(this.#manifest);
    return imageSha256;
  }

  async #write(line: string): Promise<void> {
    this.#manifest += line;
    if (this.#manifest.length < MANIFEST_PIECE) return;
    const piece = this.#manifest;
    this.#manifest = '';
    await this.#options.writeManifest(piece);
  }
}

/**
 * Reads all blocks of an image, in parallel, and hashes the whole in order, what is no block being zeros. With a file, goes on where an
 * earlier run stopped: what is there is hashed from the disk, so that the digest always covers each byte in this one pass. Throws what
 * source, file and `writeManifest` throw.
 */
export async function hashImage(options: HashImageOptions): Promise<HashedImage> {
  const kept = await keptPass(options);
  const keptBlocks = kept?.blocks ?? 0;
  const pass = kept?.isAtEnd === true ? await ended(kept, options) : await remotePass(kept, options);
  const imageSha256 = await pass.end();
  return { ...pass.form, imageSha256, blocks: pass.blocks, keptBlocks };
}

/** What an earlier run left, hashed; `null` = nothing. */
async function keptPass(options: HashImageOptions): Promise<ImagePass | null> {
  const { file } = options;
  const left = file?.left ?? null;
  if (file === null || left === null) return null;
  const pass = new ImagePass(left, options);
  for await (const block of file.kept()) await pass.take(block, null);
  return pass;
}

async function ended(pass: ImagePass, { source, file }: HashImageOptions): Promise<ImagePass> {
  await file?.begin({ source: source.name, ...pass.form });
  return pass;
}

async function remotePass(kept: ImagePass | null, options: HashImageOptions): Promise<ImagePass> {
  const { source, file } = options;
  const pages = source.list(kept?.next ?? 0);
  const opened = await pages.next();
  if (opened.done === true) throw noList(source);
  const { sizeBytes, blockBytes } = opened.value;
  await file?.begin({ source: source.name, sizeBytes, blockBytes });
  const pass = kept ?? new ImagePass({ sizeBytes, blockBytes }, options);
  for await (const block of blocksInOrder(source, following(opened.value, pages))) await pass.take(block, file);
  return pass;
}

function noList({ snapshot }: BlockSource): ExhibitError {
  return new ExhibitError('PLATFORM_FAILED', 'the platform gives no list of blocks', { subject: snapshot });
}

async function* following(first: BlockPage, pages: AsyncIterable<BlockPage>): AsyncGenerator<BlockPage> {
  yield first;
  yield* pages;
}
