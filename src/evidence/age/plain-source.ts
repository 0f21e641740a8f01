import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { ExhibitError } from '../../model/errors.js';
import type { PassphraseSource } from '../../ports/passphrase-source.js';
import { openRegularFile, type OpenedArchive } from '../open-archive.js';
import { readAgeHeader } from './age-header.js';
import type { AgeProgram } from './age-program.js';
import { ChunkCipher } from './chunk-cipher.js';
import { decryptArchive } from './decrypt-archive.js';
import { readIdentities, type Identities } from './identities.js';
import { openAgeFile, payloadBeginning } from './open-age-file.js';
import { openHeader } from './open-header.js';
import { plainChunks } from './read-payload.js';

export interface ArchiveKeyOptions {
  /** Absolute; none = a passphrase. */
  readonly identityPaths: readonly string[];
  readonly passphrases: PassphraseSource;
  readonly program: AgeProgram;
  /** For keys that only the program `age` can use: a file of plaintext lies there, for the owner alone, while the archive is read. */
  readonly scratchDirectory: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an encrypted archive as if it were not: it is decrypted while it is read, from the beginning to the end, every chunk authenticated
 * before a byte of it is handed over, and nothing of it is written to a disk; keys that only the program `age` can use are the exception.
 * May be opened again; what was asked for once is not asked for again. Throws `DECRYPT_FAILED`, also from the reads,
 * `AGE_KEY_INVALID`, `USAGE_INVALID`, `STORAGE_*`. After `dispose` the key is gone.
 */
export class ArchiveKey {
  readonly #options: ArchiveKeyOptions;
  #identities: Identities | null = null;
  /** By header, of the files that were opened. */
  readonly #fileKeys = new Map<string, Buffer>();

  constructor(options: ArchiveKeyOptions) {
    this.#options = options;
  }

  async open(path: string): Promise<OpenedArchive> {
    const opened = await openAgeFile(path);
    const { file, sizeBytes, header, plainBytes } = opened;
    try {
      const { passphrases, identityPaths } = this.#options;
      this.#identities ??= await readIdentities(identityPaths, passphrases);
      const at = header.bytes.toString('latin1');
      const known = this.#fileKeys.get(at) ?? null;
      const fileKey = known ?? (await openHeader({ header, path, identities: this.#identities, passphrases }));
      if (fileKey === null) {
        await file.close();
        return await this.#throughProgram(path);
      }
      this.#fileKeys.set(at, fileKey);
      const { bytes: beginning, nonce } = await payloadBeginning(opened);
      const source = new PlainSource(file, {
        path,
        beginning,
        sizeBytes,
        cipher: new ChunkCipher(fileKey, nonce),
        signal: this.#options.signal,
      });
      return { file: source, sizeBytes: plainBytes, encryptedSha256: () => source.encryptedSha256() };
    } catch (error) {
      await file.close();
      throw storageError(error, path);
    }
  }

  dispose(): void {
    for (const key of this.#fileKeys.values()) key.fill(0);
    this.#fileKeys.clear();
    this.#identities = null;
  }

  async #throughProgram(path: string): Promise<OpenedArchive> {
    const { scratchDirectory, identityPaths, passphrases, program, signal } = this.#options;
    const directory = await mkdtemp(join(scratchDirectory, 'exhibit-decrypt-'));
    const remove = async (): Promise<void> => {
      await rm(directory, { recursive: true, force: true });
    };
    try {
      const output = join(directory, 'archive.tar.gz');
      const expected = { encryptedSha256: null, containerSha256: null };
      const options = { path, output, identityPaths, passphrases, program, expected, signal };
      const { sizeBytes, encryptedSha256 } = await decryptArchive(options);
      const file = await open(output, 'r');
      return {
        file: {
          read: async (buffer, at) => await file.read(buffer, at),
          close: async () => {
            await file.close();
            await remove();
          },
        },
        sizeBytes,
        encryptedSha256: () => encryptedSha256,
      };
    } catch (error) {
      await remove();
      throw storageError(error, path);
    }
  }
}

/** Whether a file was encrypted with a passphrase, so that no identity need be given. Throws as `ArchiveKey.open`. */
export async function opensWithPassphrase(path: string): Promise<boolean> {
  const { file } = await openRegularFile(path);
  try {
    return (await readAgeHeader(file, path)).stanzas.some(({ type }) => type === 'scrypt');
  } finally {
    await file.close();
  }
}

interface PlainSourceOptions {
  readonly path: string;
  /** Header and nonce. */
  readonly beginning: Buffer;
  readonly sizeBytes: number;
  readonly cipher: ChunkCipher;
  readonly signal: AbortSignal | undefined;
}

/** The plaintext of an age file, read once from its beginning to its end. */
class PlainSource {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #chunks: AsyncGenerator<Buffer>;
  #left: Buffer = Buffer.alloc(0);
  #position = 0;
  #encryptedSha256: string | null = null;

  constructor(file: FileHandle, { path, beginning, sizeBytes, cipher, signal }: PlainSourceOptions) {
    this.#file = file;
    this.#hash.update(beginning);
    this.#chunks = plainChunks({
      file,
      path,
      from: beginning.length,
      to: sizeBytes,
      cipher,
      onSealed: (batch) => this.#hash.update(batch),
      signal,
    });
  }

  /** As that of a file; `position` is where the last read ended. */
  async read(buffer: Buffer, { position }: { readonly position: number }): Promise<{ readonly bytesRead: number }> {
    if (position !== this.#position) throw new ExhibitError('INTERNAL', 'an encrypted archive is read in order');
    while (this.#left.length === 0 && this.#encryptedSha256 === null) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#encryptedSha256 = this.#hash.digest('hex');
      else this.#left = next.value;
    }
    const bytesRead = this.#left.copy(buffer);
    this.#left = this.#left.subarray(bytesRead);
    this.#position += bytesRead;
    return { bytesRead };
  }

  encryptedSha256(): string | null {
    return this.#encryptedSha256;
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
    await this.#file.close();
  }
}
