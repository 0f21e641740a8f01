import { constants, type Dir } from 'node:fs';
import { lstat, open, opendir, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';

export const MAX_EVENTS = 9999;
/** Of one event file. */
export const MAX_EVENT_BYTES = 256 * 1024;
/** Folder of the lock, which is no part of the record. */
export const LOCK_FOLDER = '.lock';
export const SIGNATURE = '.sig';
export const PARTIAL = '.partial';

const EVENT_NAME = /^(\d{4})-([a-z-]{1,32})\.json(\.sig|\.partial|\.sig\.partial)?$/;
/** Each event has a file and its signature, and one may be unfinished; what is beyond twice that was made to keep the reader busy. */
const MAX_ENTRIES = 4 * MAX_EVENTS;
const MAX_STRANGE = 100;

/** What stands in the folder under one number and one kind of event. */
export interface EventFiles {
  readonly seq: number;
  readonly event: string;
  /** `0001-transfer-out.json`. */
  readonly name: string;
  hasEvent: boolean;
  hasSignature: boolean;
  /** Suffixes of what an interrupted run left. */
  readonly partial: string[];
}

export interface FolderListing {
  readonly isThere: boolean;
  /** By number, then by name. */
  readonly events: readonly EventFiles[];
  /** Names that are no part of a custody record; at most 100. */
  readonly strange: readonly string[];
}

/** `<exhibit>.custody` beside the archive, whatever the archive's file is called. */
export function custodyFolderOf(archivePath: string, exhibitId: string): string {
  return join(dirname(archivePath), `${exhibitId}.custody`);
}

export function eventName(seq: number, event: string): string {
  return `${String(seq).padStart(4, '0')}-${event}.json`;
}

/**
 * Names only; nothing is opened. A folder that is not there is empty. Throws `STORAGE_UNSAFE` for a link or a file in its place,
 * `STORAGE_FAILED` for what cannot be read or holds far more entries than a record can have.
 */
export async function listCustodyFolder(folder: string, maxEntries = MAX_ENTRIES): Promise<FolderListing> {
  if (!(await isFolder(folder))) return { isThere: false, events: [], strange: [] };
  const events = new Map<string, EventFiles>();
  const strange: string[] = [];
  for await (const name of namesIn(folder, maxEntries)) {
    const match = EVENT_NAME.exec(name);
    if (match === null) {
      if (name !== LOCK_FOLDER && strange.length < MAX_STRANGE) strange.push(name);
      continue;
    }
    const [, digits = '', event = '', suffix] = match;
    const files = filesOf(events, Number(digits), event);
    if (suffix === undefined) files.hasEvent = true;
    else if (suffix === SIGNATURE) files.hasSignature = true;
    else files.partial.push(suffix);
  }
  const sorted = [...events.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { isThere: true, events: sorted, strange: strange.sort() };
}

function filesOf(events: Map<string, EventFiles>, seq: number, event: string): EventFiles {
  const name = eventName(seq, event);
  const files = events.get(name) ?? {
    seq,
    event,
    name,
    hasEvent: false,
    hasSignature: false,
    partial: [],
  };
  events.set(name, files);
  return files;
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    const stats = await lstat(folder);
    if (stats.isDirectory()) return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw storageError(error, folder);
  }
  throw new ExhibitError('STORAGE_UNSAFE', 'the custody folder is a link or no directory', {
    subject: folder,
    hints: [`ls -ld ${folder}`],
  });
}

async function* namesIn(folder: string, maxEntries: number): AsyncGenerator<string> {
  let entries = 0;
  try {
    const directory: Dir = await opendir(folder);
    for await (const { name } of directory) {
      entries += 1;
      if (entries > maxEntries) throw tooMany(folder, maxEntries);
      yield name;
    }
  } catch (error) {
    throw storageError(error, folder);
  }
}

function tooMany(folder: string, maxEntries: number): ExhibitError {
  return new ExhibitError('STORAGE_FAILED', `the custody folder holds more than ${String(maxEntries)} entries`, {
    subject: folder,
    hints: [`ls -f ${folder} | head`],
  });
}

/** The bytes of one small file; a sentence when it is a link, no regular file, or too large. Throws `STORAGE_FAILED`. */
export async function readCustodyFile(folder: string, name: string): Promise<Buffer | string> {
  const path = join(folder, name);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) return 'it is no regular file';
    if (stats.size > MAX_EVENT_BYTES) return `it is larger than ${String(MAX_EVENT_BYTES)} bytes`;
    const bytes = Buffer.alloc(stats.size);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    if (errnoOf(error) === 'ELOOP') return 'it is a symbolic link';
    if (errnoOf(error) === 'ENXIO') return 'it is no regular file';
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}
