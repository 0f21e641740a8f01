import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KRL_SECTION, krlEntries, krlOf, krlSection } from '../../../test/fakes/krl.js';
import { findAllowedSigner, parseAllowedSigners } from '../allowed-signers.js';
import { ed25519Blob, renderPublicKey } from '../ssh-public-key.js';
import { wireString } from '../ssh-wire.js';
import { parseRevokedKeys, readRevokedKeys } from './revoked-keys.js';

const blob = ed25519Blob(generateKeyPairSync('ed25519').publicKey);
const other = ed25519Blob(generateKeyPairSync('ed25519').publicKey);
const line = renderPublicKey({ type: 'ssh-ed25519', blob });
const digest = (name: 'sha1' | 'sha256', bytes: Buffer): Buffer =>
  // eslint-disable-next-line no-restricted-syntax -- The format has SHA-1 fingerprints.
  name === 'sha1' ? createHash('sha1').update(bytes).digest() : createHash('sha256').update(bytes).digest();
const parse = (bytes: Buffer | string) => parseRevokedKeys(Buffer.from(bytes as string), 'list');
const refused = (why: string): unknown =>
  expect.objectContaining({ code: 'KEY_INVALID', subject: 'list', message: expect.stringContaining(why) as string });

/** A section about certificates: authority, reserved, then sections of its own. */
const certificates = (...sections: readonly Buffer[]): Buffer =>
  krlSection(KRL_SECTION.certificates, Buffer.concat([wireString(other), wireString(''), ...sections]));
const extension = (isCritical: number): Buffer =>
  Buffer.concat([wireString('new@example'), Buffer.from([isCritical]), wireString('x')]);

describe('a KRL', () => {
  it.each([
    ['the key itself', krlSection(KRL_SECTION.keys, krlEntries(blob))],
    ['its SHA-256', krlSection(KRL_SECTION.sha256, krlEntries(digest('sha256', blob)))],
    ['its SHA-1', krlSection(KRL_SECTION.sha1, krlEntries(digest('sha1', blob)))],
  ])('revokes by %s, and no other key', (_what, section) => {
    const revoked = parse(krlOf(krlSection(KRL_SECTION.keys, krlEntries()), section));
    expect([revoked.has(blob), revoked.has(other), revoked.count]).toEqual([true, false, 1]);
  });

  it('revokes a key that is in the last of many sections', () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      krlSection(KRL_SECTION.sha256, krlEntries(digest('sha256', Buffer.from([index])))),
    );
    const revoked = parse(krlOf(...many, krlSection(KRL_SECTION.keys, krlEntries(other, blob))));
    expect([revoked.has(blob), revoked.has(other), revoked.count]).toEqual([true, true, 52]);
  });

  it('revokes no plain key by what it says about certificates, even of that key as authority', () => {
    const sections = [0x20, 0x21, 0x22, 0x23].map((type) => krlSection(type, Buffer.alloc(16)));
    const revoked = parse(krlOf(certificates(...sections), certificates()));
    expect([revoked.has(other), revoked.count]).toEqual([false, 0]);
  });

  it('may carry extensions that are not critical', () => {
    const plain = [krlSection(KRL_SECTION.extension, extension(0)), certificates(krlSection(0x39, extension(0)))];
    expect(parse(krlOf(...plain, krlSection(KRL_SECTION.keys, krlEntries(blob)))).has(blob)).toBe(true);
  });

  it.each([
    ['a critical extension', krlOf(krlSection(KRL_SECTION.extension, extension(1))), 'new@example'],
    ['a critical extension about certificates', krlOf(certificates(krlSection(0x39, extension(1)))), 'new@example'],
    ['an unknown section', krlOf(krlSection(6, Buffer.alloc(0))), 'unknown type 6'],
    ['an unknown section about certificates', krlOf(certificates(krlSection(0x24, Buffer.alloc(0)))), 'type 36'],
    ['a signature', krlOf(krlSection(KRL_SECTION.signature, blob)), 'signed'],
    ['a hash of the wrong length', krlOf(krlSection(KRL_SECTION.sha256, krlEntries(Buffer.alloc(20)))), 'damaged'],
    ['a SHA-1 of the wrong length', krlOf(krlSection(KRL_SECTION.sha1, krlEntries(Buffer.alloc(32)))), 'damaged'],
    ['a key that is too short to be one', krlOf(krlSection(KRL_SECTION.keys, krlEntries(Buffer.alloc(15)))), 'damaged'],
    ['half a section', krlOf(krlSection(KRL_SECTION.keys, krlEntries(blob))).subarray(0, -1), 'damaged'],
    ['a length beyond the end', Buffer.concat([krlOf(), Buffer.from([2, 255, 255, 255, 255])]), 'damaged'],
    ['bytes after the sections', Buffer.concat([krlOf(), Buffer.from([2])]), 'damaged'],
    ['half a head', krlOf().subarray(0, 20), 'damaged'],
    ['another version', Buffer.from(krlOf().map((byte, at) => (at === 11 ? 2 : byte))), 'version 2'],
  ])('is refused as a whole for %s', (_what, bytes, why) => {
    expect(() => parse(bytes)).toThrow(refused(why));
  });

  it('is parsed or refused, whatever its bytes, and refused when it is cut anywhere but between two sections', () => {
    const good = krlOf(certificates(krlSection(0x20, Buffer.alloc(8))), krlSection(KRL_SECTION.keys, krlEntries(blob)));
    const attempt = (bytes: Buffer): void => {
      try {
        parse(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'KEY_INVALID' });
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        attempt(Buffer.concat([krlOf(), bytes]));
        attempt(krlOf(krlSection(KRL_SECTION.certificates, Buffer.from(bytes))));
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 8, max: good.length - 1 }), (length) => {
        fc.pre(length !== krlOf().length && length !== good.length - krlSection(2, krlEntries(blob)).length);
        expect(() => parse(good.subarray(0, length))).toThrow(refused('damaged'));
      }),
    );
  });
});

describe('a text of public keys', () => {
  it('revokes the keys of its lines', () => {
    const revoked = parse(`# lost\n\n \t${line} her laptop\r\nssh-dss ${wireString('ssh-dss').toString('base64')}\n`);
    expect([revoked.has(blob), revoked.has(other), revoked.count]).toEqual([true, false, 2]);
    expect(parse('').count).toBe(0);
  });

  it.each([
    ['a fingerprint', 'SHA256:0oDk2mGmJmVqzqzqzqzqzqzqzqzqzqzqzqzqzqzqzqz'],
    ['options before the key', `cert-authority ${line}`],
    ['a line of allowed_signers', `alice ${line}`],
    ['another type in front', line.replace('ssh-ed25519', 'ssh-rsa')],
    ['half a key', line.slice(0, 20)],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
    ['a good line before and a bad one after', `${line}\nrubbish`],
    ['a KRL whose magic is damaged', `X${krlOf().toString('latin1')}`],
  ])('is refused as a whole for %s', (_what, text) => {
    expect(() => parse(text)).toThrow(refused('no public key'));
  });

  it('is parsed or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        try {
          expect(parse(text).has(blob)).toBe(false);
        } catch (error) {
          expect(error).toMatchObject({ code: 'KEY_INVALID' });
        }
      }),
    );
  });
});

describe('findAllowedSigner', () => {
  it('trusts no revoked key, whatever lines name it, and says why', () => {
    const text = `alice ${line}\nbob ${line}\n`;
    const query = { keyBlob: blob, namespace: 'exhibit-seal@v1', atMs: 0 };
    const revoked = parse(line);
    expect(findAllowedSigner(parseAllowedSigners(text, revoked), query)).toEqual({
      principal: null,
      why: 'the key is revoked (list)',
    });
    expect(findAllowedSigner(parseAllowedSigners(text, parse('')), query)).toEqual({ principal: 'alice' });
  });
});

describe('readRevokedKeys', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'exhibit-krl-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('reads a file, and refuses what is missing, no file, or endless', async () => {
    const path = join(directory, 'revoked');
    await writeFile(path, line);
    expect((await readRevokedKeys(path)).has(blob)).toBe(true);
    await truncate(path, 4 * 1024 * 1024 + 1);
    const code = 'KEY_INVALID';
    for (const wrong of [path, directory, join(directory, 'none'), '/dev/zero'])
      await expect(readRevokedKeys(wrong)).rejects.toMatchObject({ code, subject: wrong });
  });
});
