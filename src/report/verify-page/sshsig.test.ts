import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as program from '../../evidence/sshsig.js';
import { renderPublicKey as renderForProgram } from '../../evidence/ssh-public-key.js';
import { wireString } from '../../evidence/ssh-wire.js';
import { bytesOf } from '../../lib/bytes.js';
import { fingerprintOf, parsePublicKeyLine, renderPublicKey } from './ssh-public-key.js';
import { parseSshsig, verifySshsig } from './sshsig.js';

const NAMESPACE = 'exhibit-seal@v1';
const MESSAGE = Buffer.from('manifest\n');

const joinedStrings = (...parts: (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => wireString(part)));
const fromJwk = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

function signedNumber(bytes: Buffer): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const short = bytes.subarray(from);
  return (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
}

function point(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from([4]), fromJwk(x), fromJwk(y)]);
}

function ecdsaRaw(data: Buffer, key: KeyObject): Buffer {
  const numbers = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  return joinedStrings(signedNumber(numbers.subarray(0, 32)), signedNumber(numbers.subarray(32)));
}

const FLAGS = Buffer.from([1, 0, 0, 0, 7]);
const APPLICATION = 'ssh:';

function fido(data: Buffer): Buffer {
  const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();
  return Buffer.concat([sha256(APPLICATION), FLAGS, sha256(data)]);
}

const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const x = fromJwk(ed25519.publicKey.export({ format: 'jwk' }).x);
const rsaJwk = rsa.publicKey.export({ format: 'jwk' });

interface Kind {
  readonly type: string;
  readonly blob: Buffer;
  readonly signature: (data: Buffer) => Buffer;
}

const KINDS: Kind[] = [
  {
    type: 'ssh-ed25519',
    blob: joinedStrings('ssh-ed25519', x),
    signature: (data) => joinedStrings('ssh-ed25519', sign(null, data, ed25519.privateKey)),
  },
  {
    type: 'ecdsa-sha2-nistp256',
    blob: joinedStrings('ecdsa-sha2-nistp256', 'nistp256', point(p256.publicKey)),
    signature: (data) => joinedStrings('ecdsa-sha2-nistp256', ecdsaRaw(data, p256.privateKey)),
  },
  {
    type: 'ssh-rsa',
    blob: joinedStrings('ssh-rsa', signedNumber(fromJwk(rsaJwk.e)), signedNumber(fromJwk(rsaJwk.n))),
    signature: (data) => joinedStrings('rsa-sha2-512', sign('sha512', data, rsa.privateKey)),
  },
  {
    type: 'sk-ssh-ed25519@openssh.com',
    blob: joinedStrings('sk-ssh-ed25519@openssh.com', x, APPLICATION),
    signature: (data) =>
      Buffer.concat([joinedStrings('sk-ssh-ed25519@openssh.com', sign(null, fido(data), ed25519.privateKey)), FLAGS]),
  },
  {
    type: 'sk-ecdsa-sha2-nistp256@openssh.com',
    blob: joinedStrings('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point(p256.publicKey), APPLICATION),
    signature: (data) =>
      Buffer.concat([
        joinedStrings('sk-ecdsa-sha2-nistp256@openssh.com', ecdsaRaw(fido(data), p256.privateKey)),
        FLAGS,
      ]),
  },
];

function armored({ blob, signature }: Kind): string {
  const data = program.sshsigPayload(MESSAGE, NAMESPACE);
  return program.armorSshsig({ publicKeyBlob: blob, namespace: NAMESPACE, signature: signature(data) });
}

async function verdictOf(text: string, message: Buffer = MESSAGE, namespace = NAMESPACE): Promise<string> {
  const signature = parseSshsig(text);
  return signature === null ? 'none' : await verifySshsig(signature, new Uint8Array(message), namespace);
}

function programVerdict(text: string, message: Buffer = MESSAGE, namespace = NAMESPACE): string {
  const signature = program.parseSshsig(text);
  if (signature === null) return 'none';
  return program.verifySshsig(signature, message, namespace) ? 'good' : 'bad';
}

describe.each(KINDS)('a signature by a key of type $type', (kind) => {
  it('is good over its message in its namespace, and nothing else', async () => {
    const text = armored(kind);
    expect([await verdictOf(text), programVerdict(text)]).toEqual(['good', 'good']);
    expect(await verdictOf(text, Buffer.from('another'))).toBe('bad');
    expect(await verdictOf(text, MESSAGE, 'exhibit-custody@v1')).toBe('bad');
  });

  it('is as good with a turned bit as the program says', async () => {
    const body = Buffer.from(armored(kind).split('\n').slice(1, -2).join(''), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length * 8 - 1), async (bit) => {
        const damaged = Buffer.from(body);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const lines = damaged.toString('base64').match(/.{1,70}/g) ?? [];
        const text = ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
        const [page, expected] = [await verdictOf(text), programVerdict(text)];
        expect(page === 'good').toBe(expected === 'good');
        expect(page).not.toBe('good');
      }),
      { numRuns: 60 },
    );
  });

  it('names its key as OpenSSH does', () => {
    const line = renderForProgram({ type: kind.type as 'ssh-rsa', blob: kind.blob });
    const key = parsePublicKeyLine(line);
    expect(key && renderPublicKey(key)).toBe(line);
    const expected = createHash('sha256').update(kind.blob).digest('base64').replace(/=+$/, '');
    expect(fingerprintOf(kind.blob)).toBe(`SHA256:${expected}`);
    expect(parsePublicKeyLine(`${line} comment`)).toBeNull();
  });
});

describe('untrusted text', () => {
  it('is no signature, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        expect(parseSshsig(`-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----\n`)).toBeNull();
        expect(parsePublicKeyLine(`ssh-ed25519 ${text}`)).toBeNull();
      }),
    );
  });

  it('is not checked where there is no WebCrypto', async () => {
    const signature = parseSshsig(armored(KINDS[0]!));
    const { crypto } = globalThis;
    Object.defineProperty(globalThis, 'crypto', { configurable: true, value: undefined });
    try {
      expect(signature && (await verifySshsig(signature, bytesOf('x'), NAMESPACE))).toBe('not-checked');
    } finally {
      Object.defineProperty(globalThis, 'crypto', { configurable: true, value: crypto });
    }
  });
});
