import { ExhibitError } from '../model/errors.js';
import { listItems } from './archive-reader.js';
import { isAgeFile } from './open-archive.js';

/** What leaves the machine in the clear when this file is copied. */
export interface SecretItems {
  /** The file is an age file: nobody without an identity can tell what is inside, and both counts are 0. */
  readonly isEncrypted: boolean;
  readonly items: number;
  /** Items of sensitivity `secret`: Kubernetes secrets, credentials, whatever a collector marked so. */
  readonly secretItems: number;
}

/**
 * Counts the items of an archive and those that are secret, in one pass and without unpacking it. What leaves the machine asks here
 * before it goes. Throws as `readArchiveSummary` does, also for a list without items, which no exhibit has: what cannot be read is never
 * without secrets. Whether the list is the one that was sealed is for `verifyArchive` to say.
 */
export async function secretItems(archivePath: string): Promise<SecretItems> {
  if (await isAgeFile(archivePath)) return { isEncrypted: true, items: 0, secretItems: 0 };
  let items = 0;
  let secret = 0;
  await listItems(archivePath, ({ sensitivity }) => {
    items += 1;
    if (sensitivity === 'secret') secret += 1;
  });
  if (items === 0) throw new ExhibitError('VERIFY_FAILED', 'The archive lists no items.', { subject: archivePath });
  return { isEncrypted: false, items, secretItems: secret };
}
