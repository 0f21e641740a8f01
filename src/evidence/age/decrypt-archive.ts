import { createHash } from 'node:crypto';
import { storageError } from '../../custody/storage-error.js';
import type { PassphraseSource } from '../../ports/passphrase-source.js';
import type { AgeProgram } from './age-program.js';
import { ChunkCipher } from './chunk-cipher.js';
import { decryptFailed } from './decrypt-failed.js';
import { decryptWithProgram } from './decrypt-with-program.js';
import { fileBatches } from './file-batches.js';
import { readIdentities } from './identities.js';
import { openAgeFile, payloadBeginning, type AgeFile } from './open-age-file.js';
import { openHeader } from './open-header.js';
import { Quarantine } from './quarantine.js';
import { readPayload } from './read-payload.js';

export interface DecryptArchiveOptions {
  /** The encrypted file. */
  readonly path: string;
  /** Where the plaintext goes; must not exist. */
  readonly output: string;
  /** Absolute. */
  readonly identityPaths: readonly string[];
  readonly passphrases: PassphraseSource;
  readonly program: AgeProgram;
  /** Digests that are known from elsewhere; `null` = not known. */
  readonly expected: { readonly encryptedSha256: string | null; readonly containerSha256: string | null };
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface DecryptedArchive {
  readonly sizeBytes: number;
  readonly containerSha256: string;
  readonly encryptedSha256: string;
  /** Types of the recipients that the header names; untrusted text. */
  readonly recipients: readonly string[];
}

const HASH_BATCH_BYTES = 1024 * 1024;
const MAX_LISTED = 100;

/**
 * Decrypts a file into a quarantine beside its output and gives it its name only after the last chunk was authenticated and every known
 * digest compared; the ciphertext's is compared before anything is decrypted. Throws `DECRYPT_FAILED`, `AGE_KEY_INVALID`,
 * `USAGE_INVALID` when there is no such file, `DECLINED`, `STORAGE_*`; then nothing is left of the plaintext.
 */
export async function decryptArchive(options: DecryptArchiveOptions): Promise<DecryptedArchive> {
  const { path } = options;
  const opened = await openAgeFile(path);
  const { file, header, plainBytes } = opened;
  try {
    await compareCiphertext(options, opened);
    const identities = await readIdentities(options.identityPaths, options.passphrases);
    const fileKey = await openHeader({ header, path, identities, passphrases: options.passphrases });
    const quarantine = await Quarantine.open(options.output, plainBytes);
    try {
      const digests =
        fileKey === null
          ? await decryptWithProgram({ ...options, ...opened, quarantine, identityPaths: identities.forProgram })
          : await decryptHere({ ...options, ...opened, quarantine, fileKey });
      compare(options, digests);
      await quarantine.release();
      const recipients = header.stanzas.slice(0, MAX_LISTED).map(({ type }) => type);
      return { sizeBytes: plainBytes, ...digests, recipients };
    } finally {
      fileKey?.fill(0);
      await quarantine.dispose();
    }
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file.close();
  }
}

async function compareCiphertext({ path, expected, signal }: DecryptArchiveOptions, opened: AgeFile): Promise<void> {
  if (expected.encryptedSha256 === null) return;
  const hash = createHash('sha256');
  const range = { from: 0, to: opened.sizeBytes, batchBytes: HASH_BATCH_BYTES, path, signal };
  for await (const batch of fileBatches(opened.file, range)) hash.update(batch);
  if (hash.digest('hex') !== expected.encryptedSha256) throw notTheOne(path, 'the file has another SHA-256 than');
}

function notTheOne(path: string, what: string): ReturnType<typeof decryptFailed> {
  return decryptFailed(path, `${what} the receipt says: it was changed, or it is another exhibit's receipt`);
}

/** Again over the bytes that were decrypted: the file may have changed meanwhile. */
function compare({ path, expected }: DecryptArchiveOptions, digests: Digests): void {
  const { encryptedSha256, containerSha256 } = expected;
  if (encryptedSha256 !== null && digests.encryptedSha256 !== encryptedSha256)
    throw notTheOne(path, 'the file has another SHA-256 than');
  if (containerSha256 !== null && digests.containerSha256 !== containerSha256)
    throw notTheOne(path, 'its plaintext has another SHA-256 than');
}

interface Digests {
  readonly encryptedSha256: string;
  readonly containerSha256: string;
}

interface DecryptHere extends DecryptArchiveOptions, AgeFile {
  readonly fileKey: Buffer;
  readonly quarantine: Quarantine;
}

async function decryptHere(options: DecryptHere): Promise<Digests> {
  const { file, path, sizeBytes, header, fileKey, quarantine, signal, onProgress } = options;
  const beginning = await payloadBeginning({ file, header });
  const sealed = createHash('sha256').update(beginning.bytes);
  const plain = createHash('sha256');
  let bytes = 0;
  await readPayload({
    file,
    path,
    from: beginning.bytes.length,
    to: sizeBytes,
    cipher: new ChunkCipher(fileKey, beginning.nonce),
    onSealed: (batch) => sealed.update(batch),
    onPlain: async (chunk) => {
      plain.update(chunk);
      await quarantine.write(chunk);
      bytes += chunk.length;
      onProgress?.(bytes);
    },
    signal,
  });
  return { encryptedSha256: sealed.digest('hex'), containerSha256: plain.digest('hex') };
}
