/** OpenSSH's binary list of revoked keys, as PROTOCOL.krl of OpenSSH describes it and `ssh-keygen -k` writes it. */
import { WireReader } from '../ssh-wire.js';

const MAGIC = Buffer.from('SSHKRL\n\0', 'latin1');
const FORMAT_VERSION = 1;

/** No public key is shorter; it bounds how many entries a file can make us keep. */
const MIN_KEY_BYTES = 16;

const SECTION = { certificates: 1, explicitKey: 2, sha1: 3, signature: 4, sha256: 5, extension: 255 } as const;
const CERTIFICATE_SECTION = { serialList: 0x20, serialRange: 0x21, serialBitmap: 0x22, keyId: 0x23, extension: 0x39 };

export interface Krl {
  /** Whole public keys in OpenSSH's encoding. */
  readonly keys: readonly Buffer[];
  /** SHA-1 and SHA-256 over such keys. */
  readonly sha1: readonly Buffer[];
  readonly sha256: readonly Buffer[];
  /** Sections that revoke certificates only; a plain key is never revoked by them. */
  readonly certificateSections: number;
}

/** A list that cannot be used, and why, in words that follow "it". */
export class KrlError extends Error {}

interface Growing {
  readonly keys: Buffer[];
  readonly sha1: Buffer[];
  readonly sha256: Buffer[];
  certificateSections: number;
}

function readAll(bytes: Buffer, into: Buffer[], isFitting: (entry: Buffer) => boolean): void {
  const reader = new WireReader(bytes);
  while (reader.remaining > 0) {
    const entry = reader.string();
    if (!isFitting(entry)) throw new RangeError('an entry of the wrong length');
    into.push(entry);
  }
}

/** What revokes certificates is checked for its form, so that nothing else hides in it. */
function checkCertificates(bytes: Buffer): void {
  const reader = new WireReader(bytes);
  reader.string();
  reader.string();
  while (reader.remaining > 0) {
    const [type] = reader.take(1);
    const content = reader.string();
    if (type === CERTIFICATE_SECTION.extension) checkExtension(content);
    else if (!Object.values(CERTIFICATE_SECTION).includes(type ?? 0))
      throw new KrlError(`has a section about certificates of the unknown type ${String(type)}`);
  }
}

function checkExtension(bytes: Buffer): void {
  const reader = new WireReader(bytes);
  const name = reader.text();
  const [isCritical] = reader.take(1);
  reader.string();
  reader.end();
  if (isCritical !== 0) throw new KrlError(`asks for the extension ${name}, which is not known here`);
}

function readSection(type: number, bytes: Buffer, krl: Growing): void {
  if (type === SECTION.explicitKey) readAll(bytes, krl.keys, ({ length }) => length >= MIN_KEY_BYTES);
  else if (type === SECTION.sha1) readAll(bytes, krl.sha1, ({ length }) => length === 20);
  else if (type === SECTION.sha256) readAll(bytes, krl.sha256, ({ length }) => length === 32);
  else if (type === SECTION.extension) checkExtension(bytes);
  else if (type === SECTION.certificates) {
    checkCertificates(bytes);
    krl.certificateSections += 1;
  } else if (type === SECTION.signature) throw new KrlError('is signed; a signed list is not supported');
  else throw new KrlError(`has a section of the unknown type ${String(type)}`);
}

function readBody(bytes: Buffer): Krl {
  const reader = new WireReader(bytes);
  reader.take(MAGIC.length);
  const version = reader.uint32();
  if (version !== FORMAT_VERSION) throw new KrlError(`is of the unknown version ${String(version)}`);
  // Number of the list, its date, flags; then a reserved string and the comment.
  reader.take(24);
  reader.string();
  reader.string();
  const krl: Growing = { keys: [], sha1: [], sha256: [], certificateSections: 0 };
  while (reader.remaining > 0) {
    const [type = 0] = reader.take(1);
    readSection(type, reader.string(), krl);
  }
  return krl;
}

/** Whether bytes announce themselves as such a list. */
export function isKrl(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

/**
 * Untrusted bytes. What is not understood to the last byte is refused, because a revocation that is skipped is a key that is trusted.
 * Throws `KrlError`.
 */
export function parseKrl(bytes: Buffer): Krl {
  try {
    return readBody(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new KrlError('is damaged or cut short');
    throw error;
  }
}
