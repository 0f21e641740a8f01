import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseStore, OpenCase } from '../evidence/case-store.js';
import { ExhibitError } from '../model/errors.js';
import { sealedPaths } from '../evidence/finished-seal.js';
import { spoolLayout } from '../evidence/spool-layout.js';
import { spooledMemory } from '../evidence/spooled-memory.js';
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
  /** What was encrypted now. */
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
    if (encryption === null && open?.encryption === null) await refuseMemory(openCase, open.exhibitId);
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
  const isPlain = waiting.length === 0 && last?.encryption === null && (await hasPlaintext(openCase, last.exhibitId));
  const fallback = isPlain ? [last.exhibitId] : [];
  const asked = waiting.filter(({ encryption }) => encryption?.state === 'asked').map(({ exhibitId }) => exhibitId);
  const ids = open === null ? [...asked, ...fallback] : [open];
  for (const exhibitId of ids) await askForEncryption(openCase, exhibitId, request);
}

/** It may have been moved elsewhere since it was sealed. */
async function hasPlaintext(openCase: OpenCase, exhibitId: string): Promise<boolean> {
  return await access(sealedPaths(openCase.sealedDirectory, exhibitId).archive).then(
    () => true,
    () => false,
  );
}

/** Memory in plaintext must not come into being, not even for a moment on the way to somewhere safe. */
async function refuseMemory(openCase: OpenCase, exhibitId: string): Promise<void> {
  const items = await spooledMemory(spoolLayout(join(openCase.directory, 'exhibits', exhibitId)));
  if (items === 0) return;
  throw new ExhibitError(
    'SEAL_NEEDS_ENCRYPTION',
    `${exhibitId} holds the memory of containers or nodes (${String(items)} files)`,
    {
      subject: exhibitId,
      hints: ['exhibit seal --encrypt-to RECIPIENT', 'exhibit seal --encrypt-passphrase'],
      safe: 'Nothing was sealed; what was collected is as it was.',
    },
  );
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

/**
 * Each has its turn; the first failure is thrown after the last. That of an earlier exhibit only warns when another was sealed now: what
 * happened to an old archive must not spoil a new seal.
 */
async function encryptPending(
  openCase: OpenCase,
  sealedNow: string | null,
  deps: SealAndEncryptDeps,
): Promise<EncryptedExhibit[]> {
  const encrypted: EncryptedExhibit[] = [];
  const failures: unknown[] = [];
  for (const { exhibitId } of openCase.exhibits.filter((one) => isEncryptionPending(one))) {
    try {
      deps.signal.throwIfAborted();
      encrypted.push(await encryptSealed(openCase, exhibitId, deps));
    } catch (error) {
      const isEarlier = sealedNow !== null && exhibitId !== sealedNow && !deps.signal.aborted;
      if (isEarlier && error instanceof ExhibitError) warnOfPending(exhibitId, error, deps);
      else failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return encrypted;
}

function warnOfPending(exhibitId: string, { code, message }: ExhibitError, { io }: SealAndEncryptDeps): void {
  io.emit('ENCRYPT_PENDING', `${exhibitId} waits to be encrypted: ${message}`, { exhibitId, code });
}
