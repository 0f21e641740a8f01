import { createHash } from 'node:crypto';

/** What a page's policy names its one stylesheet by: SHA-256 in base64, over the text exactly as it stands between the tags. */
export function styleDigest(style: string): string {
  return createHash('sha256').update(style, 'utf8').digest('base64');
}
