import type { KeyView } from '../../ports/snapshots.js';

/** Why a snapshot under the key of the platform can be given to nobody, and the way out. */
export const PLATFORM_KEY =
  "it is encrypted under AWS's own key aws/ebs, which can be given to nobody: copy it under a key of yours first, with --copy-to-region REGION --kms-key ARN, and share the copy";

/** Why a key cannot be relied on; `null` = nothing is known against it. */
export function keyTrouble({ state }: KeyView, keyId: string): string | null {
  if (state === null || state === 'Enabled') return null;
  if (state === 'PendingDeletion')
    return `key ${keyId} is scheduled to be deleted, and with it goes everything that is encrypted under it: aws kms cancel-key-deletion --key-id ${keyId}`;
  return `key ${keyId} is ${state}: aws kms enable-key --key-id ${keyId}`;
}
