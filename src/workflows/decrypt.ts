import { ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import type { AgeProgram } from '../evidence/age/age-program.js';
import { decryptArchive, type DecryptedArchive } from '../evidence/age/decrypt-archive.js';
import { readReceiptFile } from '../evidence/receipt-file.js';
import type { Io } from '../ports/io.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';

export interface DecryptRequest {
  readonly archive: string;
  /** Must not exist. */
  readonly output: string;
  /** Absolute. */
  readonly identityPaths: readonly string[];
  /** One that was named must be there; without one, `<exhibit>.receipt.json` beside the archive is taken where it is. */
  readonly receiptPath: string | null;
}

export interface DecryptDeps {
  readonly passphrases: PassphraseSource;
  readonly program: AgeProgram;
  readonly io: Io;
  readonly signal: AbortSignal;
}

export interface DecryptSummary extends DecryptedArchive {
  readonly archive: string;
  readonly output: string;
  /** `null` = nothing was compared. */
  readonly receipt: {
    readonly path: string;
    readonly exhibitId: string;
    /** The receipt of an archive that was not encrypted by a seal states no digest of the ciphertext. */
    readonly statesCiphertext: boolean;
  } | null;
}

const SEALED_SUFFIX = '.tar.gz.age';

/**
 * Decrypts an archive beside its name and compares it with its receipt: the ciphertext before, the plaintext after. It does not verify
 * the seal. Throws as `decryptArchive`, and `USAGE_INVALID` for a receipt that is none.
 */
export async function decrypt(request: DecryptRequest, deps: DecryptDeps): Promise<DecryptSummary> {
  const { archive, output, identityPaths } = request;
  const found = await findReceipt(request);
  const decrypted = await decryptArchive({
    path: archive,
    output,
    identityPaths,
    passphrases: deps.passphrases,
    program: deps.program,
    expected: {
      encryptedSha256: found?.receipt.encryptedSha256 ?? null,
      containerSha256: found?.receipt.containerSha256 ?? null,
    },
    signal: deps.signal,
    onProgress: (bytes) =>
      deps.io.progress({ phase: 'decrypt', done: 0, total: null, bytes, current: [], gaps: 0, lastError: null }),
  });
  return { archive, output, ...decrypted, receipt: found === null ? null : shown(found) };
}

interface FoundReceipt {
  readonly path: string;
  readonly receipt: Receipt;
}

async function findReceipt({ archive, receiptPath }: DecryptRequest): Promise<FoundReceipt | null> {
  if (receiptPath === null && !archive.endsWith(SEALED_SUFFIX)) return null;
  const path = receiptPath ?? `${archive.slice(0, -SEALED_SUFFIX.length)}.receipt.json`;
  const receipt = await readReceiptFile(path);
  if (receipt !== null) return { path, receipt };
  if (receiptPath === null) return null;
  throw new ExhibitError('USAGE_INVALID', 'There is no receipt at this path.', { subject: path });
}

function shown({ path, receipt }: FoundReceipt): DecryptSummary['receipt'] {
  return { path, exhibitId: receipt.exhibitId, statesCiphertext: receipt.encryptedSha256 !== undefined };
}
