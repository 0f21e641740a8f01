import { wireString } from '../../src/evidence/ssh-wire.js';

export const KRL_SECTION = { certificates: 1, keys: 2, sha1: 3, signature: 4, sha256: 5, extension: 255 } as const;

/** One section of a KRL with these bytes in it. */
export function krlSection(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), wireString(content)]);
}

/** The strings of a section about keys. */
export function krlEntries(...entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(entries.map(wireString));
}

/** A KRL as ssh-keygen begins it: magic, format 1, number, date, flags, no reserved string, no comment. */
export function krlOf(...sections: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8 + 4 + 24 + 8);
  head.write('SSHKRL\n\0', 'latin1');
  head.writeUInt32BE(1, 8);
  return Buffer.concat([head, ...sections]);
}
