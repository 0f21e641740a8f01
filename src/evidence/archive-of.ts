import type { ExhibitHistory } from './case-state.js';
import { sealedPaths } from './finished-seal.js';

/** The file that holds a sealed exhibit: the archive, or the encrypted one where the plaintext was removed. `null` when it is not sealed. */
export function archiveOf(
  sealedDirectory: string,
  { exhibitId, state, encryption }: Pick<ExhibitHistory, 'exhibitId' | 'state' | 'encryption'>,
): string | null {
  if (state !== 'sealed') return null;
  const { archive, encrypted } = sealedPaths(sealedDirectory, exhibitId);
  const isOnlyEncrypted = encryption !== null && encryption.state !== 'asked' && !encryption.keepPlaintext;
  return isOnlyEncrypted ? encrypted : archive;
}
