import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { scanLines } from '../../custody/line-scanner.js';
import { storageError } from '../../custody/storage-error.js';
import { SyncedFile } from '../../custody/synced-file.js';
import { ExhibitError } from '../../model/errors.js';
import { writeFully } from '../age/write-fully.js';
import { assertFree, publish } from '../destinations/exclusive-file.js';
import { removeFile, syncDirectory } from '../private-files.js';
import { blockLine, headLine, type ManifestBlock, type ManifestHead, ManifestReader } from './block-manifest.js';
import type { ImageBlock } from './blocks-in-order.js';

/** So many blocks are written before they are synced and entered into the journal. */
const GROUP_BLOCKS = 128;

interface Journal {
  readonly head: ManifestHead;
  /** Ends of lines, by block: where the journal is cut when a block is not what it says. */
  readonly blocks: readonly (ManifestBlock & { readonly endsAt: number })[];
  readonly headEndsAt: number;
}

/**
 * A disk image that grows beside its name: `FILE.partial`, sparse, and `FILE.partial.jsonl`, a block manifest without its last line, which
 * names the blocks that are on the disk. A killed run leaves both, and the next one goes on behind the last block that is still what the
 * journal says. `FILE` appears in one step, complete, and never replaces anything. Throws `DESTINATION_OCCUPIED`, `STORAGE_*`.
 */
export class ImageFile {
  readonly path: string;
  readonly #partial: string;
  readonly #journalPath: string;
  readonly #left: Journal | null;
  #handle: FileHandle | null = null;
  #journal: SyncedFile | null = null;
  #lines = '';
  #linesBlocks = 0;
  #entering: Promise<void> = Promise.resolve();

  private constructor(path: string, left: Journal | null) {
    this.path = path;
    this.#partial = `${path}.partial`;
    this.#journalPath = `${path}.partial.jsonl`;
    this.#left = left;
  }

  static async open(path: string, source: string): Promise<ImageFile> {
    await assertFree(path);
    const left = readJournal(`${path}.partial.jsonl`);
    const file = new ImageFile(path, left);
    if (left === null) await assertFree(file.#partial);
    if (left !== null && left.head.source !== source)
      throw new ExhibitError('DESTINATION_OCCUPIED', `an unfinished image of ${left.head.source} is there`, {
        subject: file.#partial,
        hints: [`rm ${file.#partial} ${file.#journalPath}`],
      });
    if (left !== null) await file.#open(constants.O_CREAT);
    return file;
  }

  /** What an earlier run began; `null` = nothing. */
  get left(): ManifestHead | null {
    return this.#left?.head ?? null;
  }

  /** The blocks of an earlier run that are still what its journal says, up to the first that is not. Read to its end before `begin`. */
  async *kept(): AsyncGenerator<ImageBlock> {
    if (this.#left === null) return;
    const { head, blocks, headEndsAt } = this.#left;
    let endsAt = headEndsAt;
    for (const block of blocks) {
      const bytes = await this.#read(block.index * head.blockBytes, head);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (sha256 !== block.sha256) break;
      endsAt = block.endsAt;
      yield { index: block.index, bytes, sha256 };
    }
    await this.#cutJournal(endsAt);
  }

  /** Once, before the first block. Throws `DESTINATION_OCCUPIED` when what an earlier run began has another form. */
  async begin(head: ManifestHead): Promise<void> {
    const { left } = this;
    if (left !== null && (left.sizeBytes !== head.sizeBytes || left.blockBytes !== head.blockBytes))
      throw new ExhibitError('DESTINATION_OCCUPIED', 'an unfinished image of another size is there', {
        subject: this.#partial,
        hints: [`rm ${this.#partial} ${this.#journalPath}`],
      });
    // The journal first: an image without one cannot be told from a file of somebody else.
    this.#journal = await SyncedFile.open(this.#journalPath);
    if (left === null) {
      if (this.#journal.syncedBytes > 0) await this.#cutJournal(0);
      await this.#journal.append(headLine(head));
      await this.#open(constants.O_CREAT | constants.O_EXCL);
    }
    await this.#doing(async (handle) => {
      await handle.truncate(head.sizeBytes);
    });
    await syncDirectory(await realpath(dirname(this.path)));
  }

  async write(block: ManifestBlock, bytes: Buffer, offset: number): Promise<void> {
    await this.#doing(async (handle) => {
      await writeFully(handle, bytes, offset);
    });
    this.#lines += blockLine(block);
    this.#linesBlocks += 1;
    if (this.#linesBlocks >= GROUP_BLOCKS) await this.#enter();
  }

  /** The image is complete: it is synced and gets its name; the journal goes. */
  async publish(): Promise<void> {
    await this.#enter();
    await this.#entering;
    await this.#doing(async (handle) => {
      await handle.sync();
    });
    await this.#journal?.close();
    this.#journal = null;
    await publish(this.#partial, this.path);
    await removeFile(this.#journalPath);
  }

  /** What was written and synced stays for the next run. */
  async close(): Promise<void> {
    await this.#entering.catch(() => undefined);
    await this.#journal?.close();
    await this.#handle?.close();
    this.#handle = null;
  }

  /** The bytes before the lines that say so; the next blocks are written meanwhile. */
  async #enter(): Promise<void> {
    await this.#entering;
    const lines = this.#lines;
    this.#lines = '';
    this.#linesBlocks = 0;
    if (lines === '') return;
    this.#entering = this.#doing(async (handle) => {
      await handle.datasync();
      await this.#journal?.append(lines);
    });
    // Noticed by whoever comes next.
    this.#entering.catch(() => undefined);
  }

  async #open(create: number): Promise<void> {
    try {
      this.#handle = await open(this.#partial, constants.O_RDWR | constants.O_NOFOLLOW | create, 0o600);
    } catch (error) {
      throw storageError(error, this.#partial);
    }
  }

  async #cutJournal(sizeBytes: number): Promise<void> {
    try {
      const handle = await open(this.#journalPath, constants.O_RDWR | constants.O_NOFOLLOW);
      await handle.truncate(sizeBytes).finally(async () => await handle.close());
    } catch (error) {
      throw storageError(error, this.#journalPath);
    }
  }

  async #read(offset: number, { sizeBytes, blockBytes }: ManifestHead): Promise<Buffer> {
    const bytes = Buffer.alloc(Math.min(blockBytes, sizeBytes - offset));
    await this.#doing(async (handle) => {
      for (let at = 0, bytesRead = -1; at < bytes.length && bytesRead !== 0; at += bytesRead)
        ({ bytesRead } = await handle.read(bytes, at, bytes.length - at, offset + at));
    });
    return bytes;
  }

  async #doing(action: (handle: FileHandle) => Promise<void>): Promise<void> {
    try {
      if (this.#handle !== null) await action(this.#handle);
    } catch (error) {
      throw storageError(error, this.#partial);
    }
  }
}

/** `null` = there is none, or one that has not even its first line. What follows the first line that is none of ours is not believed. */
function readJournal(path: string): Journal | null {
  const reader = new ManifestReader();
  const blocks: (ManifestBlock & { endsAt: number })[] = [];
  let endsAt = 0;
  let headEndsAt = 0;
  let isGood = true;
  scanLines(path, (line) => {
    const taken = isGood ? reader.take(line) : '';
    isGood &&= typeof taken !== 'string';
    if (!isGood) return;
    endsAt += line.length + 1;
    if (taken === null) headEndsAt = endsAt;
    else if (typeof taken !== 'string') blocks.push({ ...taken, endsAt });
  });
  return reader.head === null ? null : { head: reader.head, blocks, headEndsAt };
}
