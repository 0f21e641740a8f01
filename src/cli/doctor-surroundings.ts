import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseAllowedSigners } from '../evidence/allowed-signers.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { LocalFacts } from '../workflows/doctor/local-checks.js';
import type { Context } from './context.js';
import { isHeldElsewhere } from './key-reference.js';
import { readPublicKey } from './read-public-key.js';
import { timestampersOf } from './timestampers.js';

/** What a look throws, in words. */
async function problemOf(look: () => Promise<unknown>): Promise<string | null> {
  try {
    await look();
    return null;
  } catch (error) {
    if (error instanceof ExhibitError) return error.message;
    throw error;
  }
}

async function keyFacts(context: Context, flag: string | undefined): Promise<LocalFacts['key']> {
  const { value } = context.keySetting(flag);
  const isElsewhere = isHeldElsewhere(value);
  // A key that is held elsewhere is asked for its public half; of a file the private half stays closed.
  const look = async (): Promise<unknown> =>
    isElsewhere ? await context.signer(flag) : await readPublicKey(`${context.keyPath(flag)}.pub`);
  return { name: value, problem: await problemOf(look) };
}

async function trustFacts(context: Context): Promise<LocalFacts['trust']> {
  const seen = { source: context.locations.allowedSignersFile, keys: 0 };
  const problem = await problemOf(async () => {
    const trust = await context.trustList(undefined);
    if (trust === null) return;
    seen.source = trust.source;
    seen.keys = parseAllowedSigners(trust.text, trust.revoked).signers.length;
  });
  return { ...seen, problem };
}

/** Of the folder, or of the nearest one above that is there. */
async function freeBytes(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    const above = dirname(directory);
    return errnoOf(error) === 'ENOENT' && above !== directory ? await freeBytes(above) : null;
  }
}

/** What this machine has for a response. Throws `USAGE_INVALID` for what was configured and cannot be meant. */
export async function doctorSurroundings(
  context: Context,
  flags: { readonly key: string | undefined; readonly tsa: readonly string[] | undefined },
): Promise<LocalFacts> {
  const { casesDirectory } = context.locations;
  return {
    key: await keyFacts(context, flags.key),
    trust: await trustFacts(context),
    cases: { directory: casesDirectory, freeBytes: await freeBytes(casesDirectory), problem: null },
    timestampers: await timestampersOf(context, flags.tsa),
  };
}
