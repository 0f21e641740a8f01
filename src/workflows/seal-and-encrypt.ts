import { join } from 'node:path';
import type { CaseStore, OpenCase } from '../evidence/case-store.js';
import { spoolLayout } from '../evidence/spool-layout.js';
import { spooledSecrets } from '../evidence/spooled-secrets.js';
import {
  askForEncryption,
  encryptSealed,
  isEncryptionPending,
  type EncryptedExhibit,
  type EncryptionDeps,
  type EncryptionRequest,
} from './encrypt-sealed.js';
import { seal, type SealDeps, type SealRequest, type SealSummary } from './seal.js';

export interface SealAndEncryptRequest extends SealRequest {
  /** `null` = as was asked before, or not at all. */
  readonly encryption: EncryptionRequest | null;
}

export type SealAndEncryptDeps = SealDeps & EncryptionDeps;

/** `archivePath` is the encrypted archive where the plaintext was removed; the receipt states both digests. */
export interface SealedAndEncrypted extends SealSummary {
  /** `null` = it is not encrypted. */
  readonly encryption: EncryptedExhibit | null;
}

export interface SealAndEncryptSummary {
  /** `null` when no exhibit was open and only encryption was left to do. */
  readonly sealed: SealedAndEncrypted | null;
  /** What was encrypted now; the exhibit that was sealed now first. */
  readonly encrypted: readonly EncryptedExhibit[];
}

/**
 * Seals the open exhibit and encrypts it where that is asked for, now or by an earlier run that was broken off. Without an open exhibit
 * it ends the encryptions that are pending, else encrypts the last sealed exhibit. Throws as `seal` and `encryptSealed`; the seal stands
 * whatever becomes of the encryption.
 */
export async function sealAndEncrypt(
  request: SealAndEncryptRequest,
  deps: SealAndEncryptDeps,
): Promise<SealAndEncryptSummary> {
  const { store } = deps;
  const { encryption } = request;
  const sealing = await inCase(store, request.caseId, async (openCase) => {
    const open = openCase.exhibits.find(({ state }) => state === 'open') ?? null;
    if (encryption !== null) await ask(openCase, encryption, open?.exhibitId ?? null);
    const hasWork = open !== null || openCase.exhibits.some(isEncryptionPending);
    return { exhibitId: open?.exhibitId ?? null, hasWork };
  });
  // With nothing to do it says so.
  const sealed = sealing.exhibitId === null && sealing.hasWork ? null : await seal(request, deps);
  const encrypted = await inCase(store, request.caseId, async (openCase) => {
    if (sealing.exhibitId !== null) await warnOfSecrets(openCase, sealing.exhibitId, deps);
    return await encryptPending(openCase, sealing.exhibitId, deps);
  });
  return { sealed: sealed === null ? null : withEncryption(sealed, encrypted), encrypted };
}

function withEncryption(sealed: SealSummary, encrypted: readonly EncryptedExhibit[]): SealedAndEncrypted {
  const encryption = encrypted.find(({ receipt }) => receipt.exhibitId === sealed.receipt.exhibitId);
  if (encryption === undefined) return { ...sealed, encryption: null };
  const { receipt, plaintextPath, encryptedPath } = encryption;
  return { ...sealed, archivePath: plaintextPath ?? encryptedPath, receipt, encryption };
}

async function inCase<T>(store: CaseStore, caseId: string, work: (openCase: OpenCase) => Promise<T>): Promise<T> {
  const openCase = await store.open(caseId);
  try {
    return await work(openCase);
  } finally {
    await openCase.release();
  }
}

/** For the open exhibit; without one for those that wait, and when none does for the last that was sealed in plaintext. */
async function ask(openCase: OpenCase, request: EncryptionRequest, open: string | null): Promise<void> {
  const waiting = openCase.exhibits.filter((one) => isEncryptionPending(one));
  const last = openCase.exhibits.filter(({ state }) => state === 'sealed').at(-1);
  const fallback = waiting.length === 0 && last?.encryption === null ? [last.exhibitId] : [];
  const asked = waiting.filter(({ encryption }) => encryption?.state === 'asked').map(({ exhibitId }) => exhibitId);
  const ids = open === null ? [...asked, ...fallback] : [open];
  for (const exhibitId of ids) await askForEncryption(openCase, exhibitId, request);
}

async function warnOfSecrets(openCase: OpenCase, exhibitId: string, { io }: SealAndEncryptDeps): Promise<void> {
  const exhibit = openCase.exhibits.find((one) => one.exhibitId === exhibitId);
  if (exhibit?.encryption !== null) return;
  const secret = await spooledSecrets(spoolLayout(join(openCase.directory, 'exhibits', exhibitId)));
  if (secret === 0) return;
  io.emit(
    'SEAL_SECRETS_PLAIN',
    `${exhibitId} holds ${String(secret)} secret items and is not encrypted; encrypt it with: exhibit seal --encrypt-to RECIPIENT`,
    { exhibitId, secretItems: secret },
  );
}

/** An earlier exhibit that needs a passphrase nobody gave is told of, and does not stand in the way of this one. */
async function encryptPending(
  openCase: OpenCase,
  sealedNow: string | null,
  deps: SealAndEncryptDeps,
): Promise<EncryptedExhibit[]> {
  const pending = openCase.exhibits.filter((one) => isEncryptionPending(one));
  const ordered = [
    ...pending.filter(({ exhibitId }) => exhibitId === sealedNow),
    ...pending.filter(({ exhibitId }) => exhibitId !== sealedNow),
  ];
  const encrypted: EncryptedExhibit[] = [];
  for (const { exhibitId, encryption } of ordered) {
    const lacksPassphrase =
      encryption?.state === 'asked' && encryption.recipients.length === 0 && deps.newPassphrase === null;
    if (lacksPassphrase && sealedNow !== null && exhibitId !== sealedNow) {
      deps.io.emit('ENCRYPT_PENDING', `${exhibitId} waits to be encrypted: exhibit seal --encrypt-passphrase`, {
        exhibitId,
      });
    } else encrypted.push(await encryptSealed(openCase, exhibitId, deps));
  }
  return encrypted;
}
