import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import { throwIfInterrupted } from '../destinations/outgoing-file.js';
import { createFile, makePrivateDirectory, syncDirectory } from '../private-files.js';

const CHUNK_BYTES = 1024 * 1024;
const MANIFEST = 'MANIFEST.txt';
const PARTIAL = '.partial';

async function makeFolderAround(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageError(error, dirname(path));
  }
}

/** A file of the package; `path` is relative to it, with `/`. */
export interface WrittenFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * A folder for a recipient that appears under its name only when every file in it was written, synced and read back. Until then it is
 * `<name>.partial` beside it. Mode 0700, files 0600; nothing is overwritten and no link is followed.
 */
export class PackageFolder {
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  readonly #folders = new Set<string>(['']);
  readonly #files: WrittenFile[] = [];

  private constructor(path: string, signal: AbortSignal | undefined) {
    this.#path = path;
    this.#signal = signal;
  }

  /** Makes the folder around it where there is none. Throws `USAGE_INVALID` when something has the name already, `STORAGE_FAILED`. */
  static async create(path: string, signal?: AbortSignal): Promise<PackageFolder> {
    const folder = new PackageFolder(path, signal);
    await makeFolderAround(path);
    await assertFree(path);
    await assertFree(folder.directory, [`rm -r ${folder.directory}`]);
    makePrivateDirectory(folder.directory);
    return folder;
  }

  /** Where the files are until `publish`. */
  get directory(): string {
    return this.#path + PARTIAL;
  }

  /** What was written so far, by path. */
  get files(): readonly WrittenFile[] {
    return this.#files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  async write(path: string, bytes: string | Buffer): Promise<WrittenFile> {
    const body = Buffer.from(bytes);
    const target = this.#prepare(path);
    await createFile(target, body);
    return await this.#keep(path, { sha256: createHash('sha256').update(body).digest('hex'), sizeBytes: body.length });
  }

  /**
   * Copies a file; its bytes are hashed while they pass, synced, and read back. Throws `VERIFY_FAILED` when they are not those of
   * `expectedSha256`, `STORAGE_FAILED` when what is read back is not what was written, and the reason of an aborted signal.
   */
  async copy(path: string, source: string, expectedSha256: string | null): Promise<WrittenFile> {
    const target = this.#prepare(path);
    const copied = await copyHashed(source, target, this.#signal);
    if (expectedSha256 !== null && copied.sha256 !== expectedSha256)
      throw new ExhibitError('VERIFY_FAILED', 'the file is no longer the one that was verified', {
        subject: source,
        hints: [`exhibit verify ${source}`],
        safe: 'Nothing was handed over.',
      });
    return await this.#keep(path, copied);
  }

  /** MANIFEST.txt: a line of `sha256sum` for every file before it. Everything is on the disk afterwards. */
  async writeManifest(): Promise<WrittenFile> {
    const lines = this.files.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
    const manifest = await this.write(MANIFEST, lines.join(''));
    for (const folder of this.#folders) await syncDirectory(join(this.directory, folder));
    return manifest;
  }

  /** Gives the folder its name. */
  async publish(): Promise<void> {
    try {
      await rename(this.directory, this.#path);
    } catch (error) {
      throw storageError(error, this.#path);
    }
    await syncDirectory(dirname(this.#path));
  }

  /** Removes what is there of an unfinished package. */
  async discard(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  #prepare(path: string): string {
    const folder = dirname(path) === '.' ? '' : dirname(path);
    if (!this.#folders.has(folder)) {
      const parent = dirname(folder) === '.' ? '' : dirname(folder);
      if (!this.#folders.has(parent)) throw new ExhibitError('INTERNAL', `no folder for ${path} in the package`);
      makePrivateDirectory(join(this.directory, folder));
      this.#folders.add(folder);
    }
    return join(this.directory, path);
  }

  async #keep(path: string, written: Omit<WrittenFile, 'path'>): Promise<WrittenFile> {
    const readBack = await hashFile(join(this.directory, path));
    if (readBack !== written.sha256)
      throw new ExhibitError('STORAGE_FAILED', 'what was read back is not what was written', { subject: path });
    const file = { path, ...written };
    this.#files.push(file);
    return file;
  }
}

/** Throws `USAGE_INVALID` when something, be it a link to nowhere, has this name. */
export async function assertFree(path: string, hints: readonly string[] = []): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw storageError(error, path);
  }
  throw new ExhibitError('USAGE_INVALID', 'a package, or what is left of one, has this name already', {
    subject: path,
    hints: [...hints, 'exhibit handover ARCHIVE --to legal --output OTHER-FOLDER'],
  });
}

/** SHA-256 of a regular file that is no link. Throws `STORAGE_FAILED`. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await eachChunk(path, (chunk) => {
    hash.update(chunk);
    return Promise.resolve();
  });
  return hash.digest('hex');
}

async function copyHashed(
  source: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<Omit<WrittenFile, 'path'>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let out: FileHandle | undefined;
  try {
    const handle = await open(
      target,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    out = handle;
    await eachChunk(source, async (chunk) => {
      if (signal !== undefined) throwIfInterrupted(signal);
      hash.update(chunk);
      for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
      sizeBytes += chunk.length;
    });
    await handle.sync();
  } catch (error) {
    throw storageError(error, target);
  } finally {
    await out?.close();
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

async function eachChunk(path: string, onChunk: (chunk: Buffer) => Promise<void>): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile())
      throw new ExhibitError('STORAGE_UNSAFE', 'this is no regular file', { subject: path });
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      await onChunk(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}
