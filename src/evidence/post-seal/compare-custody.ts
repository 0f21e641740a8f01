import { lstat } from 'node:fs/promises';
import { storageError } from '../../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import type { CustodyVerdict } from '../../model/post-seal-custody.js';
import { readCustodyFolder, type CustodyEvent, type ReadCustodyOptions } from './read-custody-folder.js';

/** A custody folder beside the copy that the other party kept. */
export interface CustodyComparison {
  /** The other folder. */
  readonly folder: string;
  /** On the other folder by itself. */
  readonly verdict: CustodyVerdict;
  /** Events that both have, from the first on. */
  readonly same: number;
  /** Events after them that only one has. */
  readonly onlyHere: readonly string[];
  readonly onlyThere: readonly string[];
  /** `same`: no difference. `ahead`: this folder goes on from where the other ends. `behind`: the other way round. `forked`: both go on. */
  readonly result: 'same' | 'ahead' | 'behind' | 'forked';
}

type Named = Pick<CustodyEvent, 'name' | 'sha256'>;

/**
 * Compares the events of a folder, as `readCustodyFolder` gave them, with those of another. It is the only way to see that the last events
 * of one of them were removed. Throws `USAGE_INVALID` when the other folder is not there, and `STORAGE_*`.
 */
export async function compareCustody(
  here: readonly Named[],
  options: ReadCustodyOptions & { readonly folder: string },
): Promise<CustodyComparison> {
  const { folder } = options;
  await assertThere(folder);
  const there: Named[] = [];
  const { verdict } = await readCustodyFolder({
    ...options,
    onEvent: ({ name, sha256 }) => there.push({ name, sha256 }),
  });
  let same = 0;
  while (same < here.length && here[same]?.sha256 === there[same]?.sha256) same += 1;
  const [onlyHere, onlyThere] = [here, there].map((events) => events.slice(same).map(({ name }) => name));
  return {
    folder,
    verdict,
    same,
    onlyHere: onlyHere ?? [],
    onlyThere: onlyThere ?? [],
    result: resultOf(here, there, same),
  };
}

function resultOf(here: readonly Named[], there: readonly Named[], same: number): CustodyComparison['result'] {
  if (here.length > same && there.length > same) return 'forked';
  if (here.length > same) return 'ahead';
  return there.length > same ? 'behind' : 'same';
}

async function assertThere(folder: string): Promise<void> {
  try {
    await lstat(folder);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, folder);
    throw new ExhibitError('USAGE_INVALID', 'there is no custody folder to compare with', {
      subject: folder,
      cause: error,
    });
  }
}
