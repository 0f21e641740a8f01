import { hash } from 'node:crypto';
import { ExhibitError } from '../model/errors.js';
import type { ArchiveWriter } from './archive-writer.js';
import { compareBagPaths } from './bag-order.js';
import { readSmallFile, sizeOfFile, SMALL_FILE_BYTES, streamFile } from './read-for-seal.js';

export interface ExpectedFile {
  /** In the bag. */
  readonly path: string;
  /** On the disk. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Puts the files of one bag into an archive, in the bag's order, and keeps the hashes of those that the tagmanifest lists. */
export class BagWriter {
  readonly #archive: ArchiveWriter;
  readonly #folder: string;
  readonly #tags: { readonly path: string; readonly sha256: string }[] = [];
  #previous = '';

  constructor(archive: ArchiveWriter, exhibitId: string) {
    this.#archive = archive;
    this.#folder = `${exhibitId}/`;
  }

  /** A file of the bag that is neither payload nor seal. */
  async addTag(path: string, bytes: Uint8Array | string): Promise<void> {
    const content = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
    this.#tags.push({ path, sha256: hash('sha256', content, 'hex') });
    await this.#archive.addBytes(this.#next(path), content);
  }

  /** As `addTag`, from the disk; the file must not change meanwhile. */
  async addTagFile(path: string, file: string): Promise<void> {
    const sizeBytes = await sizeOfFile(file);
    await this.#archive.begin(this.#next(path), sizeBytes);
    const streamed = await streamFile(file, sizeBytes, (chunk) => this.#archive.write(chunk));
    if (streamed.sizeBytes !== sizeBytes) throw mismatch(path, 'its length changed while it was read');
    await this.#archive.end();
    this.#tags.push({ path, sha256: streamed.sha256 });
  }

  /** A payload file, read again and compared with what arrived. Throws `SEAL_HASH_MISMATCH`. */
  addPayload(expected: ExpectedFile): void | Promise<void> {
    return expected.sizeBytes <= SMALL_FILE_BYTES ? this.#addSmall(expected) : this.#addLarge(expected);
  }

  /** A file below seal/: after the tagmanifest, and in no manifest. */
  async addSeal(path: string, bytes: Uint8Array): Promise<void> {
    await this.#archive.addBytes(this.#next(path), bytes);
  }

  /** The tagmanifest, which lists everything so far that is no payload; its bytes are what is signed. */
  async addTagmanifest(path: string): Promise<Buffer> {
    const lines = this.#tags.sort((a, b) => (a.path < b.path ? -1 : 1)).map((tag) => `${tag.sha256}  ${tag.path}\n`);
    const bytes = Buffer.from(lines.join(''), 'latin1');
    await this.#archive.addBytes(this.#next(path), bytes);
    return bytes;
  }

  #addSmall(expected: ExpectedFile): void | Promise<void> {
    const bytes = readSmallFile(expected.file, expected.sizeBytes);
    if (bytes.length !== expected.sizeBytes) throw mismatch(expected.path, 'its length is not what it was');
    if (hash('sha256', bytes, 'hex') !== expected.sha256)
      throw mismatch(expected.path, 'its bytes are not what they were');
    return this.#archive.addBytes(this.#next(expected.path), bytes);
  }

  async #addLarge(expected: ExpectedFile): Promise<void> {
    await this.#archive.begin(this.#next(expected.path), expected.sizeBytes);
    const found = await streamFile(expected.file, expected.sizeBytes, (chunk) => this.#archive.write(chunk));
    if (found.sizeBytes !== expected.sizeBytes) throw mismatch(expected.path, 'its length is not what it was');
    if (found.sha256 !== expected.sha256) throw mismatch(expected.path, 'its bytes are not what they were');
    await this.#archive.end();
  }

  /** The path in the archive. Also proves the order: a sorting bug must not become an archive. */
  #next(path: string): string {
    if (this.#previous !== '' && compareBagPaths(this.#previous, path) >= 0) {
      throw new ExhibitError('INTERNAL', `the files of the bag are out of order after ${this.#previous}`, {
        subject: path,
      });
    }
    this.#previous = path;
    return this.#folder + path;
  }
}

function mismatch(path: string, what: string): ExhibitError {
  return new ExhibitError('SEAL_HASH_MISMATCH', `a collected file changed on the disk: ${what}`, {
    subject: path,
    safe: 'Nothing was sealed. The spool is as it was.',
  });
}
