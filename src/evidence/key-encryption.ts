/** The encryption of private key files in OpenSSH's format: PROTOCOL.key and bcrypt_pbkdf of OpenSSH. */
import bcrypt from 'bcrypt-pbkdf';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { WireReader, wireString } from './ssh-wire.js';

const KDF = 'bcrypt';
/** What newer ssh-keygen writes by default; about a third of a second. */
const ROUNDS = 24;
/** A hostile file must not keep us busy: a round costs some 13 ms. */
const MAX_ROUNDS = 512;
const MIN_SALT_BYTES = 8;
const MAX_SALT_BYTES = 64;
const SALT_BYTES = 16;
const MAX_PASSPHRASE_BYTES = 1024;

interface Cipher {
  readonly algorithm: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

const IV_BYTES = 16;

/** What ssh-keygen has written by default since it has this format. */
const CIPHERS: Readonly<Record<string, Cipher>> = {
  'aes256-ctr': { algorithm: 'aes-256-ctr', keyBytes: 32, blockBytes: 16 },
  'aes256-cbc': { algorithm: 'aes-256-cbc', keyBytes: 32, blockBytes: 16 },
};

/** How the secret part of a key file is encrypted. */
export interface KeyEncryption {
  readonly cipher: string;
  readonly kdf: string;
  readonly kdfOptions: Buffer;
}

export const NOT_ENCRYPTED: KeyEncryption = { cipher: 'none', kdf: 'none', kdfOptions: Buffer.alloc(0) };

/** Why a key that is encrypted in this way cannot be opened whatever the passphrase; `null` when it can. */
export function whyUnusable({ cipher, kdf, kdfOptions }: KeyEncryption): string | null {
  if (kdf !== KDF) return `it is derived with ${kdf}`;
  if (!Object.hasOwn(CIPHERS, cipher)) return `it is encrypted with ${cipher}`;
  const { rounds } = readOptions(kdfOptions);
  return rounds > MAX_ROUNDS ? `it has ${String(rounds)} rounds, more than ${String(MAX_ROUNDS)}` : null;
}

/** Throws RangeError for options that are none. */
function readOptions(options: Buffer): { readonly salt: Buffer; readonly rounds: number } {
  const reader = new WireReader(options);
  const salt = reader.string();
  const rounds = reader.uint32();
  reader.end();
  if (salt.length < MIN_SALT_BYTES || salt.length > MAX_SALT_BYTES || rounds < 1) throw new RangeError('kdf options');
  return { salt, rounds };
}

interface Derived {
  readonly cipher: Cipher;
  readonly key: Buffer;
  readonly iv: Buffer;
}

function derive(encryption: KeyEncryption, passphrase: Buffer): Derived {
  const cipher = CIPHERS[encryption.cipher];
  const { salt, rounds } = readOptions(encryption.kdfOptions);
  if (cipher === undefined || rounds > MAX_ROUNDS) throw new RangeError('encryption of the key');
  const bytes = Buffer.alloc(cipher.keyBytes + IV_BYTES);
  if (bcrypt.pbkdf(passphrase, passphrase.length, salt, salt.length, bytes, bytes.length, rounds) !== 0)
    throw new RangeError('key derivation');
  return { cipher, key: bytes.subarray(0, cipher.keyBytes), iv: bytes.subarray(cipher.keyBytes) };
}

/** Whether bytes can be a passphrase of a key file at all. */
export function isPassphrase(passphrase: Uint8Array): boolean {
  return passphrase.length > 0 && passphrase.length <= MAX_PASSPHRASE_BYTES;
}

/** Size of the blocks to which the secret part is padded. */
export function blockBytesOf(encryption: KeyEncryption): number {
  return CIPHERS[encryption.cipher]?.blockBytes ?? 8;
}

/** Fresh parameters for a key that is written. */
export function newEncryption(): KeyEncryption {
  const rounds = Buffer.alloc(4);
  rounds.writeUInt32BE(ROUNDS);
  return {
    cipher: 'aes256-ctr',
    kdf: KDF,
    kdfOptions: Buffer.concat([wireString(randomBytes(SALT_BYTES)), rounds]),
  };
}

/** Encrypts the padded secret part. */
export function encryptSecret(secret: Buffer, encryption: KeyEncryption, passphrase: Buffer): Buffer {
  const { cipher, key, iv } = derive(encryption, passphrase);
  const stream = createCipheriv(cipher.algorithm, key, iv);
  stream.setAutoPadding(false);
  const bytes = Buffer.concat([stream.update(secret), stream.final()]);
  key.fill(0);
  return bytes;
}

/** Decrypts it; a wrong passphrase gives other bytes. Throws RangeError for a length that cannot be. */
export function decryptSecret(bytes: Buffer, encryption: KeyEncryption, passphrase: Buffer): Buffer {
  if (bytes.length === 0 || bytes.length % blockBytesOf(encryption) !== 0) throw new RangeError('length of the secret');
  const { cipher, key, iv } = derive(encryption, passphrase);
  const stream = createDecipheriv(cipher.algorithm, key, iv);
  stream.setAutoPadding(false);
  const secret = Buffer.concat([stream.update(bytes), stream.final()]);
  key.fill(0);
  return secret;
}
