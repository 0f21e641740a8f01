/** Classes of attacks: what is known of tar, gzip, BagIt, SSHSIG and the records, each at places that a seed chooses. */
import { crc32, deflateRawSync } from 'node:zlib';
import type { Attack } from './attack.js';
import { CONTAINER_ATTACKS } from './container-attacks.js';
import { FILE_ATTACKS } from './file-attacks.js';
import { FORGERIES } from './forgeries.js';
import type { Shape } from './shapes.js';

export const ATTACKS: readonly Attack[] = [...CONTAINER_ATTACKS, ...FILE_ATTACKS, ...FORGERIES];

/** Other ways to write the very same tar, which the format allows: without the receipt no alarm may be given. */
export function otherEncodings({ tar: bytes }: Shape): readonly Buffer[] {
  return [0, 1, 6, 9].map((level) => {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(bytes), 0);
    trailer.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([Buffer.from('1f8b08000000000004ff', 'hex'), deflateRawSync(bytes, { level }), trailer]);
  });
}
