import { createHash } from 'node:crypto';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { syncDirectory } from '../../custody/sync-directory.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { toRfc3339 } from '../../lib/clock.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import {
  CUSTODY_FORMAT_ID,
  CUSTODY_NAMESPACE,
  custodyExhibitSchema,
  custodyRecordSchema,
  newCustodyEventSchema,
  type CustodyExhibit,
  type CustodyRecord,
  type NewCustodyEvent,
} from '../../model/post-seal-custody.js';
import type { Clock } from '../../ports/clock.js';
import type { Signer } from '../../ports/signer.js';
import { takeCaseLock, type CaseLock } from '../case-lock.js';
import { createFile } from '../private-files.js';
import {
  custodyFolderOf,
  eventName,
  LOCK_FOLDER,
  MAX_EVENT_BYTES,
  MAX_EVENTS,
  PARTIAL,
  SIGNATURE,
} from './custody-folder.js';
import { checkCustodySignature } from './custody-signature.js';
import { finishInterrupted } from './finish-interrupted.js';
import { readCustodyFolder, type CustodyReading } from './read-custody-folder.js';
import { areOtherCiphertexts } from './transfer-pairs.js';

export interface AddCustodyOptions {
  readonly archivePath: string;
  readonly exhibit: CustodyExhibit;
  readonly event: NewCustodyEvent;
  readonly signer: Signer;
  readonly clock: Clock;
}

export interface AddedCustodyEvent {
  readonly path: string;
  readonly signaturePath: string;
  readonly sequence: number;
  /** SHA-256 of the event file. */
  readonly sha256: string;
  /** Name of the event of an interrupted run that was finished first; `null` when there was none. */
  readonly finished: string | null;
}

/**
 * Writes one event into `<exhibitId>.custody` beside the archive, which is made when it is not there: `NNNN-<event>.json` and
 * `NNNN-<event>.json.sig` (SSHSIG, namespace `exhibit-custody@v1`, as ssh-keygen writes it). It resolves when both are on the disk; a
 * crash leaves either nothing or an unfinished event that the next call finishes. The bytes of the archive are not looked at: `exhibit` is
 * what the caller has verified or compared. A `transfer-in` countersigns the newest open `transfer-out`.
 *
 * Throws `USAGE_INVALID` for texts beyond their bounds and for a transfer-in without a transfer-out, `KEY_INVALID` for a receiver who is
 * the releaser or a key that does not sign, `VERIFY_FAILED` for a transfer-in of another ciphertext, `CUSTODY_BROKEN` when the folder is not in order or is about another archive, `CASE_LOCKED`
 * while another process writes, and `STORAGE_*`.
 */
export async function addCustodyEvent(options: AddCustodyOptions): Promise<AddedCustodyEvent> {
  const { archivePath, clock } = options;
  const event = parsed('event', newCustodyEventSchema.safeParse(options.event));
  const exhibit = parsed('exhibit', custodyExhibitSchema.safeParse(options.exhibit));
  const folder = custodyFolderOf(archivePath, exhibit.exhibitId);
  await ensureFolder(folder);
  await ensureFolder(join(folder, LOCK_FOLDER));
  const lock = await takeLock(folder, clock);
  try {
    const trust = { list: null, atMs: clock.nowMs() };
    const finished = await finishInterrupted(folder, trust);
    const reading = await readCustodyFolder({ archivePath, exhibit, trust });
    if (reading.firstBreak !== null) throw broken(reading);
    return { ...(await write({ ...options, event, exhibit }, reading)), finished };
  } finally {
    await lock.release();
  }
}

interface Parsed<T> {
  readonly success: boolean;
  readonly data?: T | undefined;
  readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };
}

function parsed<T>(what: string, result: Parsed<T>): T {
  if (result.data !== undefined) return result.data;
  const [issue] = result.error?.issues ?? [];
  const where = [what, ...(issue?.path ?? [])].map(String).join('.');
  throw new ExhibitError('USAGE_INVALID', `a custody event cannot hold this: ${where}: ${issue?.message ?? 'invalid'}`);
}

async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw storageError(error, folder);
    if ((await lstat(folder)).isDirectory()) return;
    throw new ExhibitError('STORAGE_UNSAFE', 'a link or a file stands where the custody folder belongs', {
      subject: folder,
      hints: [`ls -ld ${folder}`],
      cause: error,
    });
  }
}

async function takeLock(folder: string, clock: Clock): Promise<CaseLock> {
  try {
    return await takeCaseLock(join(folder, LOCK_FOLDER), clock);
  } catch (error) {
    if (!(error instanceof ExhibitError) || error.code !== 'CASE_LOCKED') throw error;
    throw new ExhibitError('CASE_LOCKED', error.message.replace('the case', 'the custody folder'), {
      subject: folder,
      retryable: true,
      hints: error.hints,
      cause: error,
    });
  }
}

function broken({ firstBreak, folder }: CustodyReading): ExhibitError {
  const where = firstBreak === null ? '' : `${firstBreak.file === '' ? 'the folder' : firstBreak.file}: `;
  return new ExhibitError(
    'CUSTODY_BROKEN',
    `nothing is added to a custody record that is not in order: ${where}${firstBreak?.detail ?? ''}`,
    {
      subject: folder,
      hints: ['exhibit custody verify ARCHIVE'],
      safe: 'The archive and the custody folder are as they were.',
    },
  );
}

async function write(
  options: AddCustodyOptions,
  reading: CustodyReading,
): Promise<Omit<AddedCustodyEvent, 'finished'>> {
  const { signer } = options;
  const record = recordOf(options, reading);
  const bytes = Buffer.from(`${asciiJson(record)}\n`, 'latin1');
  if (bytes.length > MAX_EVENT_BYTES)
    throw new ExhibitError('USAGE_INVALID', `a custody event has at most ${String(MAX_EVENT_BYTES)} bytes`);
  const signature = Buffer.from(await signer.sign(bytes, CUSTODY_NAMESPACE), 'latin1');
  const checked = checkCustodySignature(bytes, signature, { list: null, atMs: 0 });
  if (typeof checked === 'string' || checked.fingerprint !== record.signer)
    throw new ExhibitError('KEY_INVALID', 'the key made a signature that does not fit the event; nothing was written', {
      subject: signer.fingerprint,
    });
  const path = join(reading.folder, eventName(record.seq, record.event));
  await publish(reading.folder, path, { bytes, signature });
  return {
    path,
    signaturePath: path + SIGNATURE,
    sequence: record.seq,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** The event gets its name last: whatever is there under a final name is whole and signed. */
async function publish(
  folder: string,
  path: string,
  { bytes, signature }: { readonly bytes: Buffer; readonly signature: Buffer },
): Promise<void> {
  try {
    await createFile(path + PARTIAL, bytes);
    await createFile(path + SIGNATURE + PARTIAL, signature);
    await syncDirectory(folder);
    // From here on the event has happened, whatever dies: see finishInterrupted.
    await rename(path + SIGNATURE + PARTIAL, path + SIGNATURE);
    await syncDirectory(folder);
    await rename(path + PARTIAL, path);
    await syncDirectory(folder);
  } catch (error) {
    throw storageError(error, path);
  }
}

function recordOf({ exhibit, event, signer, clock }: AddCustodyOptions, reading: CustodyReading): CustodyRecord {
  if (reading.lastSeq >= MAX_EVENTS)
    throw new ExhibitError('USAGE_INVALID', `a custody folder holds at most ${String(MAX_EVENTS)} events`, {
      subject: reading.folder,
    });
  return custodyRecordSchema.parse({
    format: CUSTODY_FORMAT_ID,
    seq: reading.lastSeq + 1,
    prev: reading.headSha256,
    at: toRfc3339(clock.nowMs()),
    monoUs: clock.monoUs(),
    bootId: clock.bootId(),
    ...exhibit,
    encryptedSha256: exhibit.encryptedSha256 ?? null,
    event: event.event,
    answers: event.event === 'transfer-in' ? answered(reading, signer, exhibit) : null,
    signer: signer.fingerprint,
    from: event.from ?? null,
    to: event.to ?? null,
    location: event.location ?? null,
    purpose: event.purpose ?? null,
    authority: event.authority ?? null,
    remarks: event.remarks ?? null,
    verified: event.verified ?? null,
    data: event.data ?? {},
  });
}

/** The transfer-out that the receiver countersigns. */
function answered({ openTransfer, folder }: CustodyReading, signer: Signer, exhibit: CustodyExhibit): string {
  if (openTransfer === null)
    throw new ExhibitError('USAGE_INVALID', 'there is no open transfer-out that this transfer-in could countersign', {
      subject: folder,
      hints: ['exhibit custody list ARCHIVE'],
      safe: 'Nothing was written. The releaser writes transfer-out first and hands over the custody folder with the archive.',
    });
  if (openTransfer.signer === signer.fingerprint)
    throw new ExhibitError(
      'KEY_INVALID',
      'the transfer-out was signed with this key; the receiver signs with another',
      {
        subject: signer.fingerprint,
        hints: ['exhibit custody add transfer-in ARCHIVE --key NAME', 'exhibit key show'],
      },
    );
  const found = exhibit.encryptedSha256 ?? null;
  if (areOtherCiphertexts(openTransfer.encryptedSha256, found))
    throw new ExhibitError(
      'VERIFY_FAILED',
      `the encrypted archive is not the one that was handed over: expected ${openTransfer.encryptedSha256 ?? ''}, found ${found ?? ''}`,
      {
        subject: folder,
        hints: ['exhibit custody list ARCHIVE'],
        safe: 'Nothing was written. Ask the releaser for the file that the transfer-out names.',
      },
    );
  return openTransfer.sha256;
}
