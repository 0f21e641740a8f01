import { createPrivateKey, generateKeyPairSync, randomInt, type KeyObject } from 'node:crypto';
import { ExhibitError } from '../model/errors.js';
import {
  blockBytesOf,
  decryptSecret,
  encryptSecret,
  isPassphrase,
  type KeyEncryption,
  newEncryption,
  NOT_ENCRYPTED,
  whyUnusable,
} from './key-encryption.js';
import { ed25519Blob } from './ssh-public-key.js';
import { sshArmor, WireReader, wireString } from './ssh-wire.js';

const LABEL = 'OPENSSH PRIVATE KEY';
const MAGIC = 'openssh-key-v1\0';
const TYPE = 'ssh-ed25519';

export interface OpensshKey {
  readonly privateKey: KeyObject;
  readonly comment: string;
}

/** A private key file, read but not opened. */
export interface OpensshKeyFile {
  readonly isLocked: boolean;
  /**
   * The key. `passphrase` is `null` for a file that is not locked. Throws `PASSPHRASE_WRONG`, and `KEY_INVALID` for a damaged file.
   */
  open(passphrase: Buffer | null): OpensshKey;
}

function keyInvalid(sentence: string, subject: string, hint = 'exhibit key new'): ExhibitError {
  return new ExhibitError('KEY_INVALID', sentence, { subject, hints: [hint] });
}

/** A new ed25519 key. */
export function generateOpensshKey(comment: string): OpensshKey {
  return { privateKey: generateKeyPairSync('ed25519').privateKey, comment };
}

function secretOf({ privateKey, comment }: OpensshKey, blockBytes: number): Buffer {
  const jwk = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(jwk.d ?? '', 'base64url');
  const point = Buffer.from(jwk.x ?? '', 'base64url');
  const check = Buffer.alloc(4);
  check.writeUInt32BE(randomInt(2 ** 32));
  const fields = [TYPE, point, Buffer.concat([seed, point]), comment].map(wireString);
  const bare = Buffer.concat([check, check, ...fields]);
  const padding = Buffer.from(Array.from({ length: -bare.length & (blockBytes - 1) }, (_, index) => index + 1));
  return Buffer.concat([bare, padding]);
}

/** The text of a private key file as ssh-keygen writes it, with LF at the end; encrypted when there is a passphrase. */
export function renderOpensshKey(key: OpensshKey, passphrase: Buffer | null): string {
  const encryption = passphrase === null ? NOT_ENCRYPTED : newEncryption();
  const secret = secretOf(key, blockBytesOf(encryption));
  const fields = [encryption.cipher, encryption.kdf, encryption.kdfOptions].map(wireString);
  const count = Buffer.from([0, 0, 0, 1]);
  const kept = passphrase === null ? secret : encryptSecret(secret, encryption, passphrase);
  const ends = [ed25519Blob(key.privateKey), kept].map(wireString);
  return sshArmor(LABEL, Buffer.concat([Buffer.from(MAGIC), ...fields, count, ...ends]));
}

function readSecret(secret: Buffer): { seed: Buffer; comment: string } {
  const reader = new WireReader(secret);
  reader.take(8);
  if (reader.text() !== TYPE) throw new RangeError('types of the halves differ');
  const point = reader.string();
  const pair = reader.string();
  const comment = reader.string().toString('utf8');
  if (point.length !== 32 || pair.length !== 64 || !pair.subarray(32).equals(point))
    throw new RangeError('halves of the key differ');
  const padding = reader.take(reader.remaining);
  if (padding.some((byte, index) => byte !== index + 1)) throw new RangeError('padding');
  return { seed: pair.subarray(0, 32), comment };
}

interface Parts {
  readonly encryption: KeyEncryption;
  readonly publicBlob: Buffer;
  readonly kept: Buffer;
}

function readParts(blob: Buffer): Parts {
  const reader = new WireReader(blob);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) throw new RangeError('magic');
  const encryption = { cipher: reader.text(), kdf: reader.text(), kdfOptions: reader.string() };
  if (reader.uint32() !== 1) throw new RangeError('number of keys');
  const [publicBlob, kept] = [reader.string(), reader.string()];
  reader.end();
  return { encryption, publicBlob, kept };
}

/** Both check numbers are the same once the secret part was decrypted with the right key. */
function isOpened(secret: Buffer): boolean {
  return secret.length >= 8 && secret.readUInt32BE(0) === secret.readUInt32BE(4);
}

function keyOf(secret: Buffer, publicBlob: Buffer): OpensshKey {
  const { seed, comment } = readSecret(secret);
  const x = publicBlob.subarray(-32).toString('base64url');
  const privateKey = createPrivateKey({
    key: { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x },
    format: 'jwk',
  });
  if (!ed25519Blob(privateKey).equals(publicBlob)) throw new RangeError('public and private key differ');
  return { privateKey, comment };
}

/** Anything but our own errors, which the reading of damaged bytes may throw, means that the file is damaged. */
function orDamaged<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw keyInvalid('The private key file is damaged.', subject);
  }
}

function wrongPassphrase(subject: string): ExhibitError {
  return new ExhibitError('PASSPHRASE_WRONG', 'The passphrase does not open the key.', { subject });
}

function openParts({ encryption, publicBlob, kept }: Parts, passphrase: Buffer | null, subject: string): OpensshKey {
  if (passphrase === null) {
    if (!isOpened(kept)) throw new RangeError('check numbers differ');
    return keyOf(kept, publicBlob);
  }
  if (!isPassphrase(passphrase)) throw wrongPassphrase(subject);
  const secret = decryptSecret(kept, encryption, passphrase);
  try {
    if (!isOpened(secret)) throw wrongPassphrase(subject);
    return keyOf(secret, publicBlob);
  } finally {
    secret.fill(0);
  }
}

function assertUsable({ encryption, publicBlob }: Parts, subject: string): void {
  const type = new WireReader(publicBlob).text();
  if (type !== TYPE) {
    throw keyInvalid(
      `The key is of type ${type}; only ed25519 keys can be used from a file. ssh-agent can hold it: --key agent:FILE.pub.`,
      subject,
      'ssh-add FILE',
    );
  }
  const why = encryption.cipher === 'none' && encryption.kdf === 'none' ? null : whyUnusable(encryption);
  if (why !== null) {
    throw keyInvalid(
      `The key is protected in a way that is not read here: ${why}.`,
      subject,
      'ssh-keygen -p -Z aes256-ctr -a 24 -f FILE',
    );
  }
}

/**
 * An ed25519 key in OpenSSH's format. `subject` names the file in errors. Throws `KEY_INVALID` with the reason: another type, another
 * format, an encryption that is not read, damaged.
 */
export function parseOpensshKey(text: string, subject: string): OpensshKeyFile {
  const body = new RegExp(`^-----BEGIN ${LABEL}-----\\r?\\n([A-Za-z0-9+/=\\s]+)-----END ${LABEL}-----\\s*$`).exec(
    text,
  )?.[1];
  if (body === undefined) throw keyInvalid('The file is not a private key in OpenSSH format.', subject);
  return orDamaged(subject, () => {
    const parts = readParts(Buffer.from(body, 'base64'));
    assertUsable(parts, subject);
    return {
      isLocked: parts.encryption.cipher !== 'none',
      open: (passphrase) => orDamaged(subject, () => openParts(parts, passphrase, subject)),
    };
  });
}
