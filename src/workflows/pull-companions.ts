import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { syncDirectory } from '../custody/sync-directory.js';
import { writeExclusively } from '../evidence/destinations/exclusive-file.js';
import { isThere } from '../evidence/is-there.js';
import { exhibitIdOfName } from '../evidence/post-seal/archive-at-hand.js';
import {
  custodyFolderOf,
  eventName,
  MAX_EVENT_BYTES,
  MAX_EVENTS,
  SIGNATURE,
} from '../evidence/post-seal/custody-folder.js';
import { ExhibitError } from '../model/errors.js';
import { CUSTODY_EVENT_KINDS } from '../model/post-seal-custody.js';
import type { Destination, StoredFile } from '../ports/destination.js';
import type { Io } from '../ports/io.js';

/** What push puts beside an archive, and where it lies now; `null` = the source has none, or one was here already. */
export interface PulledCompanions {
  readonly custodyPath: string | null;
  readonly custodyEvents: number;
  /** From the same place as the archive: it vouches for nothing, and nothing was compared with it. */
  readonly receiptPath: string | null;
}

interface Place {
  readonly source: Destination;
  /** Below the source. */
  readonly name: string;
  readonly archivePath: string;
  readonly io: Io;
}

const MAX_RECEIPT_BYTES = 64 * 1024;
/** Numbers that are asked for beyond the last event: one that is missing must not hide those after it. */
const LOOK_AHEAD = 2;
const NOTHING: PulledCompanions = { custodyPath: null, custodyEvents: 0, receiptPath: null };

/**
 * Fetches custody record and receipt of an archive that was just fetched. The record comes whole or not at all, and never into one that is
 * here. Nothing of it is believed: `custody verify` judges it, and `verify` the tokens in it. What cannot be fetched is said and stops
 * nothing, for the archive is here. Throws the reason of an interruption.
 */
export async function pullCompanions(place: Place): Promise<PulledCompanions> {
  const exhibitId = exhibitIdOfName(place.name);
  if (exhibitId === null) return NOTHING;
  try {
    const receiptPath = await pullReceipt(place, exhibitId);
    return { ...(await pullCustody(place, exhibitId)), receiptPath };
  } catch (error) {
    if (!(error instanceof ExhibitError) || error.code === 'INTERRUPTED' || error.code === 'TERMINATED') throw error;
    place.io.emit('PULL_COMPANIONS_FAILED', `custody record or receipt were not fetched: ${error.message}`, {
      code: error.code,
    });
    return NOTHING;
  }
}

async function pullReceipt({ source, archivePath }: Place, exhibitId: string): Promise<string | null> {
  const name = `${exhibitId}.receipt.json`;
  const path = join(dirname(archivePath), name);
  if (await isThere(path)) return null;
  const stored = await source.find(name);
  if (stored === null) return null;
  await fetchSmall(source, stored, { path, maxBytes: MAX_RECEIPT_BYTES });
  return path;
}

async function pullCustody(
  { source, archivePath, io }: Place,
  exhibitId: string,
): Promise<Pick<PulledCompanions, 'custodyPath' | 'custodyEvents'>> {
  const folder = custodyFolderOf(archivePath, exhibitId);
  const none = { custodyPath: null, custodyEvents: 0 };
  if (await isThere(folder)) {
    io.emit('PULL_CUSTODY_KEPT', 'a custody record of this exhibit is here already; that of the source was left', {
      folder,
    });
    return none;
  }
  const partial = `${folder}.${randomBytes(4).toString('hex')}.partial`;
  let events = 0;
  try {
    for (let seq = 1, last = 0; seq <= MAX_EVENTS && seq - last <= LOOK_AHEAD + 1; seq += 1) {
      const found = await eventsUnder(source, `${exhibitId}.custody`, seq);
      if (found.length > 0) last = seq;
      for (const [file, stored] of found) {
        if (events === 0) await mkdir(partial, { mode: 0o700 });
        events += 1;
        await fetchSmall(source, stored, { path: join(partial, file), maxBytes: MAX_EVENT_BYTES });
        const signature = await source.find(stored.name + SIGNATURE);
        if (signature !== null)
          await fetchSmall(source, signature, { path: join(partial, file + SIGNATURE), maxBytes: MAX_EVENT_BYTES });
      }
    }
    if (events === 0) return none;
    await rename(partial, folder);
    await syncDirectory(dirname(folder));
    return { custodyPath: folder, custodyEvents: events };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw storageError(error, folder);
  }
}

/** A destination lists nothing: each kind of event is asked for under its name. */
async function eventsUnder(
  source: Destination,
  folder: string,
  seq: number,
): Promise<(readonly [file: string, stored: StoredFile])[]> {
  const asked = CUSTODY_EVENT_KINDS.map(async (kind) => {
    const file = eventName(seq, kind);
    const stored = await source.find(`${folder}/${file}`);
    return stored === null ? null : ([file, stored] as const);
  });
  return (await Promise.all(asked)).filter((found) => found !== null);
}

async function fetchSmall(
  source: Destination,
  stored: StoredFile,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<void> {
  if (stored.sizeBytes > maxBytes)
    throw new ExhibitError('TOO_LARGE', `it has ${String(stored.sizeBytes)} bytes`, { subject: stored.location });
  await writeExclusively(path, source.read(stored), ({ sha256, sizeBytes }) => {
    if (sizeBytes !== stored.sizeBytes || (stored.sha256 !== null && stored.sha256 !== sha256))
      throw new ExhibitError('DESTINATION_MISMATCH', 'other bytes came than the source says', {
        subject: stored.location,
      });
  });
}
