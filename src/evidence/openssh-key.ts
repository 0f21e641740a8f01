import { createPrivateKey, generateKeyPairSync, randomInt, type KeyObject } from 'node:crypto';
import { ExhibitError } from '../model/errors.js';
import { ed25519Blob } from './ssh-public-key.js';
import { sshArmor, WireReader, wireString } from './ssh-wire.js';

const LABEL = 'OPENSSH PRIVATE KEY';
const MAGIC = 'openssh-key-v1\0';
const TYPE = 'ssh-ed25519';

export interface OpensshKey {
  readonly privateKey: KeyObject;
  readonly comment: string;
}

function keyInvalid(sentence: string, subject: string): ExhibitError {
  return new ExhibitError('KEY_INVALID', sentence, { subject, hints: ['exhibit key new'] });
}

/** A new ed25519 key. */
export function generateOpensshKey(comment: string): OpensshKey {
  return { privateKey: generateKeyPairSync('ed25519').privateKey, comment };
}

/** The text of an unencrypted private key file as ssh-keygen writes it, with LF at the end. */
export function renderOpensshKey({ privateKey, comment }: OpensshKey): string {
  const publicBlob = ed25519Blob(privateKey);
  const jwk = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(jwk.d ?? '', 'base64url');
  const point = Buffer.from(jwk.x ?? '', 'base64url');
  const check = Buffer.alloc(4);
  check.writeUInt32BE(randomInt(2 ** 32));
  const fields = [TYPE, point, Buffer.concat([seed, point]), comment].map(wireString);
  const bare = Buffer.concat([check, check, ...fields]);
  const padding = Buffer.from(Array.from({ length: -bare.length & 7 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const secret = wireString(Buffer.concat([bare, padding]));
  return sshArmor(
    LABEL,
    Buffer.concat([
      Buffer.from(MAGIC),
      wireString('none'),
      wireString('none'),
      wireString(''),
      count,
      wireString(publicBlob),
      secret,
    ]),
  );
}

function readSecret(secret: Buffer, subject: string): { seed: Buffer; comment: string } {
  const reader = new WireReader(secret);
  const [check, checkAgain] = [reader.uint32(), reader.uint32()];
  if (check !== checkAgain) throw new RangeError('check numbers differ');
  const type = reader.text();
  if (type !== TYPE)
    throw keyInvalid(`The key is of type ${type}; only ed25519 keys can be used as a local key.`, subject);
  const point = reader.string();
  const pair = reader.string();
  const comment = reader.string().toString('utf8');
  if (point.length !== 32 || pair.length !== 64 || !pair.subarray(32).equals(point))
    throw new RangeError('halves of the key differ');
  const padding = reader.take(reader.remaining);
  if (padding.some((byte, index) => byte !== index + 1)) throw new RangeError('padding');
  return { seed: pair.subarray(0, 32), comment };
}

function readBlob(blob: Buffer, subject: string): OpensshKey {
  const reader = new WireReader(blob);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) throw new RangeError('magic');
  const [cipher, kdf] = [reader.text(), reader.text()];
  reader.string();
  if (cipher !== 'none' || kdf !== 'none') {
    throw keyInvalid(
      'The key is protected by a passphrase, which cannot be asked for here; use ssh-agent or a key of its own.',
      subject,
    );
  }
  if (reader.uint32() !== 1) throw new RangeError('number of keys');
  const publicBlob = reader.string();
  const { seed, comment } = readSecret(reader.string(), subject);
  reader.end();
  const x = publicBlob.subarray(-32).toString('base64url');
  const privateKey = createPrivateKey({
    key: { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x },
    format: 'jwk',
  });
  if (!ed25519Blob(privateKey).equals(publicBlob)) throw new RangeError('public and private key differ');
  return { privateKey, comment };
}

/**
 * An unencrypted ed25519 key in OpenSSH's format. `subject` names the file in errors. Throws `KEY_INVALID` with the reason: encrypted,
 * another type, another format, damaged.
 */
export function parseOpensshKey(text: string, subject: string): OpensshKey {
  const body = new RegExp(`^-----BEGIN ${LABEL}-----\\r?\\n([A-Za-z0-9+/=\\s]+)-----END ${LABEL}-----\\s*$`).exec(
    text,
  )?.[1];
  if (body === undefined) throw keyInvalid('The file is not a private key in OpenSSH format.', subject);
  try {
    return readBlob(Buffer.from(body, 'base64'), subject);
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw keyInvalid('The private key file is damaged.', subject);
  }
}
