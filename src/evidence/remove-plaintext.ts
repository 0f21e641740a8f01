import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import type { CustodyRecord } from '../model/post-seal-custody.js';
import type { Clock } from '../ports/clock.js';
import type { Signer } from '../ports/signer.js';
import { caseLayout } from './case-file.js';
import { takeCaseLock } from './case-lock.js';
import { sha256OfFile, type SealedPaths } from './finished-seal.js';
import { addCustodyEvent } from './post-seal/add-custody-event.js';
import { custodyFolderOf, listCustodyFolder, LOCK_FOLDER } from './post-seal/custody-folder.js';
import { finishInterrupted } from './post-seal/finish-interrupted.js';
import { readCustodyFolder } from './post-seal/read-custody-folder.js';
import { removeFile, syncDirectory } from './private-files.js';

export interface RemovePlaintextOptions {
  readonly caseDirectory: string;
  readonly paths: SealedPaths;
  /** With the digest of the encrypted archive. */
  readonly receipt: Receipt;
  readonly signer: Signer;
  readonly clock: Clock;
}

const WHAT = 'spool and plaintext archive after encryption';

/**
 * Unlinks the spool and the plaintext archive of an encrypted exhibit and writes the entry of custody; secure erasure is neither done
 * nor claimed. First the encrypted archive is hashed once more: what is not the one of the receipt costs nobody the plaintext. Can be
 * repeated after a crash at any step. Throws `SEAL_HASH_MISMATCH`, `STORAGE_*`, and as `addCustodyEvent`.
 */
export async function removePlaintext(options: RemovePlaintextOptions): Promise<void> {
  const { caseDirectory, paths, receipt } = options;
  const { exhibits } = caseLayout(dirname(caseDirectory), basename(caseDirectory));
  const spool = join(exhibits, receipt.exhibitId);
  if ((await sha256OfFile(paths.encrypted)) !== (receipt.encryptedSha256 ?? null)) {
    throw new ExhibitError('SEAL_HASH_MISMATCH', 'the encrypted archive is no longer the one that was read back', {
      subject: paths.encrypted,
      safe: 'Spool and plaintext were not removed.',
    });
  }
  try {
    await removeFile(paths.archive);
    await syncDirectory(dirname(paths.archive));
    await rm(spool, { recursive: true, force: true });
    await syncDirectory(exhibits);
  } catch (error) {
    throw storageError(error, spool);
  }
  await recordDisposal(options);
}

async function recordDisposal({ paths, receipt, signer, clock }: RemovePlaintextOptions): Promise<void> {
  const { exhibitId, tagmanifestSha256, containerSha256, encryptedSha256 } = receipt;
  await endUnfinished(custodyFolderOf(paths.encrypted, exhibitId), clock);
  let last: CustodyRecord | null = null;
  await readCustodyFolder({
    archivePath: paths.encrypted,
    exhibit: { exhibitId },
    trust: { list: null, atMs: clock.nowMs() },
    onEvent: ({ record }) => {
      last = record;
    },
  });
  if (isDisposal(last)) return;
  await addCustodyEvent({
    archivePath: paths.encrypted,
    exhibit: {
      exhibitId,
      tagmanifestSha256,
      containerSha256,
      ...(encryptedSha256 === undefined ? {} : { encryptedSha256 }),
    },
    event: {
      event: 'dispose',
      purpose: `${WHAT}; the encrypted archive is kept`,
      remarks: 'Files were unlinked; no secure erasure was done and none is claimed.',
      data: { removed: WHAT },
    },
    signer,
    clock,
  });
}

/** An entry of ours that is signed and has not got its name would else be written a second time. */
async function endUnfinished(folder: string, clock: Clock): Promise<void> {
  const { events } = await listCustodyFolder(folder);
  if (!events.some(({ partial }) => partial.length > 0)) return;
  const lock = await takeCaseLock(join(folder, LOCK_FOLDER), clock);
  try {
    await finishInterrupted(folder, { list: null, atMs: clock.nowMs() });
  } finally {
    await lock.release();
  }
}

/** Written by a run that died before it could say so in the case log. */
function isDisposal(record: CustodyRecord | null): boolean {
  return record?.event === 'dispose' && record.data['removed'] === WHAT;
}
