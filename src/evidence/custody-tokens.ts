import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_RECORD_BYTES } from '../custody/record-line.js';
import { storageError } from '../custody/storage-error.js';
import { errnoOf } from '../model/errors.js';
import { ensurePrivateDirectory, replaceFile } from './private-files.js';
import type { SpoolLayout } from './spool-layout.js';

/** `open` is over the first line of the custody log, `hb-0001` and so on are over lines of heartbeats. */
export type CustodyTokenName = 'open' | `hb-${string}`;

const FILE = /^(open|hb-\d{4})\.ts([qr])$/;
export const MAX_HEARTBEAT_TOKENS = 9999;

type Place = Pick<SpoolLayout, 'tokens'>;

/** Keeps a token for the seal, whole or not at all: a query without its reply is passed over. Throws `STORAGE_*`. */
export async function saveCustodyToken(
  { tokens }: Place,
  name: CustodyTokenName,
  { query, reply }: { readonly query: Uint8Array; readonly reply: Uint8Array },
): Promise<void> {
  ensurePrivateDirectory(tokens);
  await replaceFile(join(tokens, `${name}.tsq`), query);
  await replaceFile(join(tokens, `${name}.tsr`), reply);
}

/** Those that are whole, in the order of the bag. */
export async function savedCustodyTokens({ tokens }: Place): Promise<readonly CustodyTokenName[]> {
  const names = await namesIn(tokens);
  const there = new Set(names.filter((name) => FILE.test(name)));
  return [...there]
    .filter((name) => name.endsWith('.tsr') && there.has(`${name.slice(0, -1)}q`))
    .map((name) => name.slice(0, -'.tsr'.length) as CustodyTokenName)
    .sort();
}

/** Path in the bag and on the disk of each file of the saved tokens, in the order of the bag. */
export async function custodyTokenFiles(
  place: Place,
): Promise<readonly { readonly path: string; readonly file: string }[]> {
  const names = await savedCustodyTokens(place);
  return names
    .flatMap((name) => [`${name}.tsq`, `${name}.tsr`])
    .map((file) => ({ path: `custody/${file}`, file: join(place.tokens, file) }));
}

/** The raw first line of the custody log with its LF; `null` while there is none. Throws `STORAGE_FAILED`. */
export async function firstCustodyLine({ custody }: Pick<SpoolLayout, 'custody'>): Promise<Buffer | null> {
  try {
    const file = await open(custody, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_RECORD_BYTES + 1), 0, MAX_RECORD_BYTES + 1, 0);
      const end = buffer.subarray(0, bytesRead).indexOf('\n');
      return end === -1 ? null : buffer.subarray(0, end + 1);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw storageError(error, custody);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, directory);
  }
}
