import type { RandomAccess } from '../../lib/random-access.js';

/** `ext` and `xfs` can be mounted without replaying their journal; the others are recognised to be named in a refusal. */
export type ImageFilesystem = 'ext' | 'xfs' | 'btrfs' | 'lvm' | 'luks' | 'squashfs' | 'unknown';

const SIGNATURES: readonly { readonly type: ImageFilesystem; readonly at: number; readonly bytes: Buffer }[] = [
  { type: 'xfs', at: 0, bytes: Buffer.from('XFSB') },
  { type: 'luks', at: 0, bytes: Buffer.from('LUKS\xba\xbe', 'latin1') },
  { type: 'squashfs', at: 0, bytes: Buffer.from('hsqs') },
  { type: 'lvm', at: 512, bytes: Buffer.from('LABELONE') },
  { type: 'ext', at: 1024 + 56, bytes: Buffer.from([0x53, 0xef]) },
  { type: 'btrfs', at: 65_536 + 64, bytes: Buffer.from('_BHRfS_M') },
];

/** Which filesystem begins at a place of an image, by its signature. */
export function filesystemAt(source: RandomAccess, offsetBytes: number): ImageFilesystem {
  const found = SIGNATURES.find(({ at, bytes }) => source.read(offsetBytes + at, bytes.length).equals(bytes));
  return found?.type ?? 'unknown';
}
