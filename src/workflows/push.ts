import { basename, dirname, join } from 'node:path';
import { deliver, type Delivered, type DeliverOptions } from '../evidence/destinations/deliver.js';
import { openOutgoingFile } from '../evidence/destinations/outgoing-file.js';
import { isAgeFile } from '../evidence/open-archive.js';
import { addCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import { exhibitIdOfName } from '../evidence/post-seal/archive-at-hand.js';
import { custodyFolderOf, listCustodyFolder, SIGNATURE } from '../evidence/post-seal/custody-folder.js';
import { readCustodyFolder } from '../evidence/post-seal/read-custody-folder.js';
import { secretItems } from '../evidence/secret-items.js';
import { ExhibitError } from '../model/errors.js';
import type { CustodyExhibit } from '../model/post-seal-custody.js';
import type { Verdict } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import type { Destination, StorageLock } from '../ports/destination.js';
import type { Io } from '../ports/io.js';
import type { Signer } from '../ports/signer.js';
import { checkArchive, type CheckedArchive } from './custody-archive.js';
import type { VerifyRequest } from './verify.js';

export interface PushRequest {
  readonly archive: VerifyRequest;
  /** A verdict that is taken although it is none of the good ones, as the user typed it. */
  readonly accepted: Verdict | null;
  /** Whether the items of sensitivity `secret` may leave the machine in the clear. */
  readonly isPlaintextAllowed: boolean;
  readonly lock: StorageLock;
  readonly isReadBack: boolean;
  readonly withReceipt: boolean;
}

export interface PushDeps {
  readonly destination: Destination;
  /** Signs the custody event; `null` = none is written. */
  readonly signer: Signer | null;
  readonly clock: Clock;
  readonly io: Io;
  readonly scratchDirectory: string;
  readonly signal: AbortSignal;
}

export interface PushSummary {
  readonly archive: string;
  readonly exhibitId: string;
  readonly verdict: string;
  readonly destination: string;
  readonly isEncrypted: boolean;
  /** The archive first. */
  readonly files: readonly Delivered[];
  readonly lock: StorageLock;
  /** The custody event of this copy, of this run or an earlier one; `null` = none was wanted. */
  readonly custodyEvent: string | null;
}

const GOOD: readonly string[] = ['VERIFIED', 'VERIFIED_PARTIAL', 'CIPHERTEXT_MATCHES'];

/**
 * Verifies the local archive, copies it, makes sure of the copy, records it, and copies the record. Throws `VERIFY_FAILED` for a verdict
 * that is neither good nor accepted in words, `PLAINTEXT_REFUSED`, and as `checkArchive`, `deliver` and `addCustodyEvent`. Repeated after
 * whatever ended it, it goes on.
 */
export async function push(request: PushRequest, deps: PushDeps): Promise<PushSummary> {
  const { archivePath } = request.archive;
  const checked = await checkArchive(request.archive, { isVerified: true, isFailureRecorded: false }, deps);
  const verdict = checked.verified?.verdict ?? 'UNDETERMINED';
  if (!GOOD.includes(verdict) && verdict !== request.accepted) throw notVerified(archivePath, verdict);
  const isEncrypted = await isAgeFile(archivePath);
  if (!isEncrypted && !request.isPlaintextAllowed) await refuseSecrets(archivePath);
  const { destination, io } = deps;
  await destination.prepare(request.lock);
  const options: DeliverOptions = { destination, io, lock: request.lock, isReadBack: request.isReadBack };
  const run = new PushRun(archivePath, checked, { deps, options });
  const archive = await run.sendArchive(isEncrypted);
  if (!request.isReadBack)
    io.emit('PUSH_NOT_READ_BACK', `${archive.location} was not read back`, { location: archive.location });
  const receipt = request.withReceipt ? [await run.sendReceipt()] : [];
  const custodyEvent = deps.signer === null ? null : await run.record(archive, deps.signer);
  return {
    archive: archivePath,
    exhibitId: checked.exhibit.exhibitId,
    verdict,
    destination: destination.location,
    isEncrypted,
    files: [archive, ...receipt, ...(await run.sendCustody())],
    lock: request.lock,
    custodyEvent,
  };
}

function notVerified(archivePath: string, verdict: string): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `nothing is sent of an archive whose verdict is ${verdict}`, {
    subject: archivePath,
    safe: 'Nothing was sent.',
    hints: ['exhibit verify ARCHIVE', `exhibit push ARCHIVE DESTINATION --accept ${verdict}`],
  });
}

async function refuseSecrets(archivePath: string): Promise<void> {
  const { secretItems: count } = await secretItems(archivePath);
  if (count === 0) return;
  const what = count === 1 ? '1 item is' : `${String(count)} items are`;
  throw new ExhibitError('PLAINTEXT_REFUSED', `${what} secret, and the archive is not encrypted`, {
    subject: archivePath,
    safe: 'Nothing was sent.',
    hints: ['exhibit seal --encrypt-to RECIPIENT', 'exhibit push ARCHIVE DESTINATION --plaintext'],
  });
}

interface Surroundings {
  readonly deps: PushDeps;
  readonly options: DeliverOptions;
}

class PushRun {
  readonly #archivePath: string;
  readonly #exhibit: CustodyExhibit;
  readonly #verified: CheckedArchive['verified'];
  readonly #deps: PushDeps;
  readonly #options: DeliverOptions;

  constructor(archivePath: string, { exhibit, verified }: CheckedArchive, { deps, options }: Surroundings) {
    this.#archivePath = archivePath;
    this.#exhibit = exhibit;
    this.#verified = verified;
    this.#deps = deps;
    this.#options = options;
  }

  /** The bytes that are sent are those that were verified: their digest is compared while they leave. */
  async sendArchive(isEncrypted: boolean): Promise<Delivered> {
    const { exhibitId, containerSha256, encryptedSha256 } = this.#exhibit;
    const name = `${exhibitId}.tar.gz${isEncrypted ? '.age' : ''}`;
    return await this.#send(this.#archivePath, name, isEncrypted ? encryptedSha256 : containerSha256);
  }

  async sendReceipt(): Promise<Delivered> {
    const name = `${this.#exhibit.exhibitId}.receipt.json`;
    const receipt = await this.#send(join(dirname(this.#archivePath), name), name);
    this.#deps.io.emit('PUSH_RECEIPT_TOGETHER', 'the receipt lies beside the archive now; keep another one elsewhere', {
      location: receipt.location,
    });
    return receipt;
  }

  /** One event for one copy: a push that is repeated finds the event of the first. */
  async record(archive: Delivered, signer: Signer): Promise<string> {
    const known = await this.#recorded(archive);
    if (known !== null) return known;
    const { lock } = this.#options;
    const { path } = await addCustodyEvent({
      archivePath: this.#archivePath,
      exhibit: this.#exhibit,
      event: {
        event: 'copy',
        location: placeOf(archive),
        purpose: 'copied to another place by exhibit push',
        verified: this.#verified,
        data: {
          destination: archive.location,
          sha256: archive.sha256,
          sizeBytes: archive.sizeBytes,
          versionId: archive.versionId,
          readBack: archive.isReadBack,
          retentionMode: lock.retention?.mode ?? null,
          retainUntil: lock.retention?.untilAt ?? null,
          legalHold: lock.legalHold,
        },
      },
      signer,
      clock: this.#deps.clock,
    });
    return path;
  }

  async sendCustody(): Promise<Delivered[]> {
    const folder = custodyFolderOf(this.#archivePath, this.#exhibit.exhibitId);
    const { events } = await listCustodyFolder(folder);
    const delivered: Delivered[] = [];
    for (const { name, hasEvent, hasSignature } of events) {
      if (!hasEvent || !hasSignature) continue;
      for (const file of [name, name + SIGNATURE])
        delivered.push(await this.#send(join(folder, file), `${basename(folder)}/${file}`));
    }
    return delivered;
  }

  async #recorded(archive: Delivered): Promise<string | null> {
    let path: string | null = null;
    await readCustodyFolder({
      archivePath: this.#archivePath,
      exhibit: this.#exhibit,
      trust: { list: null, atMs: this.#deps.clock.nowMs() },
      onEvent: ({ record: { event, data }, path: at }) => {
        const isThisCopy =
          event === 'copy' &&
          data['destination'] === archive.location &&
          data['sha256'] === archive.sha256 &&
          data['versionId'] === archive.versionId;
        if (isThisCopy) path = at;
      },
    });
    return path;
  }

  async #send(path: string, name: string, sha256?: string): Promise<Delivered> {
    const opened = await openOutgoingFile(path, { name, sha256, signal: this.#deps.signal });
    try {
      return await deliver(opened.file, this.#options);
    } finally {
      await opened.close();
    }
  }
}

/** As much as a custody form takes; the whole of it is in the data of the event. */
function placeOf({ location }: Delivered): string {
  return location.length <= 500 ? location : `${location.slice(0, 497)}...`;
}

/** Removes what unfinished pushes of this archive left at the destination; how much there was. */
export async function abandonPush(archivePath: string, destination: Destination): Promise<number> {
  const name = basename(archivePath);
  if (exhibitIdOfName(archivePath) === null)
    throw new ExhibitError('USAGE_INVALID', 'the name of the archive does not say which exhibit it is', {
      subject: archivePath,
      hints: ['exhibit push CASE-x0001 DESTINATION --abort'],
    });
  return await destination.abandon(name);
}
