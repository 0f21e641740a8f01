import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ExhibitError } from '../../model/errors.js';
import type { Statement } from '../../model/exhibit.js';
import { kindOfFile } from '../bag-layout.js';
import type { EntrySink } from '../ustar-reader.js';
import { FolderTree } from './folder-tree.js';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** What tag files may have by themselves, and for each record that the statement counts. */
const TAG_BYTES = 64 * 1024 * 1024;
const TAG_BYTES_PER_RECORD = 64 * 1024;

/** How much the statement that was verified lets an archive unpack to. Bounds what an archive that is exchanged meanwhile can write. */
export interface ExtractionBounds {
  readonly files: number;
  readonly payloadBytes: number;
  readonly tagBytes: number;
}

export function boundsOf(statement: Statement): ExtractionBounds {
  const { payloadFiles, payloadBytes, custodyEntries, outcomeCounts } = statement;
  const records = Object.values(outcomeCounts).reduce((sum, count) => sum + count, payloadFiles + custodyEntries);
  return { files: payloadFiles, payloadBytes, tagBytes: TAG_BYTES + records * TAG_BYTES_PER_RECORD };
}

/** Whether a payload path is one of the prefixes or lies below one. No prefix selects all. */
export function isSelected(path: string, prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

export interface ExtractionOptions {
  readonly folder: string;
  readonly bounds: ExtractionBounds;
  readonly prefixes: readonly string[];
  /** The archive broke its own rules: whatever passes by is written, and remembered by its hash, because no manifest vouches for it. */
  readonly asFound: boolean;
}

/**
 * Writes the files of an archive into an empty folder while they pass by: the selected payload, and every other file. Each is made anew
 * with mode 0600, never through a link; nothing is ever executable.
 */
export class Extraction {
  readonly #tree: FolderTree;
  readonly #bounds: ExtractionBounds;
  readonly #prefixes: readonly string[];
  readonly #asFound: boolean;
  readonly #unlisted = new Map<string, string>();
  #payloadFiles = 0;
  #payloadBytes = 0;
  #tagBytes = 0;
  files = 0;
  sizeBytes = 0;
  /** Payload files. */
  taken = 0;
  leftOut = 0;
  #finish: (() => void) | null = null;

  constructor(options: ExtractionOptions) {
    this.#tree = new FolderTree(options.folder, { creates: true, syncs: false });
    this.#bounds = options.bounds;
    this.#prefixes = options.prefixes;
    this.#asFound = options.asFound;
  }

  /** The files that no manifest vouches for: those of seal/ and the tagmanifest, which are few; as found, all. With their SHA-256. */
  get unlisted(): ReadonlyMap<string, string> {
    return this.#unlisted;
  }

  /** Throws system errors, and `VERIFY_FAILED` for more than the verified statement allows. */
  sinkFor(path: string, sizeBytes: number): EntrySink {
    const kind = kindOfFile(path);
    if (kind === null && !this.#asFound) throw changed(path);
    this.#count(kind === 'payload', sizeBytes);
    if (kind === 'payload') {
      if (!isSelected(path, this.#prefixes)) {
        this.leftOut += 1;
        return () => undefined;
      }
      this.taken += 1;
    }
    this.files += 1;
    this.sizeBytes += sizeBytes;
    return this.#writer(path);
  }

  /** Ends a file that the archive broke off, too. */
  close(): void {
    this.#finish?.();
    this.#tree.close();
  }

  #writer(path: string): EntrySink {
    const fd = openSync(this.#tree.locate(path), NEW_FILE, 0o600);
    const hash: Hash | null = this.#asFound || isUnlisted(path) ? createHash('sha256') : null;
    const finish = (): void => {
      this.#finish = null;
      closeSync(fd);
      if (hash !== null) this.#unlisted.set(path, hash.digest('hex'));
    };
    this.#finish = finish;
    return (bytes, isLast) => {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      hash?.update(bytes);
      if (isLast) finish();
    };
  }

  #count(isPayload: boolean, sizeBytes: number): void {
    if (isPayload) {
      this.#payloadFiles += 1;
      this.#payloadBytes += sizeBytes;
    } else this.#tagBytes += sizeBytes;
    const { files, payloadBytes, tagBytes } = this.#bounds;
    if (this.#payloadFiles > files || this.#payloadBytes > payloadBytes || this.#tagBytes > tagBytes)
      throw changed('more than its statement counts');
  }
}

function isUnlisted(path: string): boolean {
  return path.startsWith('seal/') || path.startsWith('tagmanifest-');
}

/** The archive is no longer what was verified a moment ago. */
export function changed(what: string): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `the archive changed after it was verified: ${what}`, {
    safe: 'What had been written was removed.',
    hints: ['exhibit verify ARCHIVE'],
  });
}
