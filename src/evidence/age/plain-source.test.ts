import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ageKey, AGE, NO_AGE, passphrasesOf } from '../../../test/fakes/age-world.js';
import { allowedSignersOf, gzipOf, packBag, receiptOf, sealedBag } from '../../../test/fakes/archive-builder.js';
import { hasTool, needs, runTool } from '../../../test/fakes/stock-tools.js';
import { flipBit, NOW_MS } from '../../../test/fakes/verify-bytes.js';
import type { Receipt } from '../../model/exhibit.js';
import type { VerifyReport } from '../../model/verdict.js';
import { readArchiveSummary } from '../archive-reader.js';
import { verifyArchive } from '../verify/verify-archive.js';
import { ArchiveKey, opensWithPassphrase, type ArchiveKeyOptions } from './plain-source.js';

const signer = generateKeyPairSync('ed25519').privateKey;
const team = await ageKey();
const stranger = await ageKey();
const noise = Buffer.concat(Array.from({ length: 6000 }, (_, at) => createHash('sha256').update(String(at)).digest()));
const bag = sealedBag(signer, { payload: [{ path: 'data/noise', bytes: noise, artifact: 'noise' }] });
const container = gzipOf(packBag(bag));
const plainReceipt = receiptOf(bag, container, signer);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function encrypted(change: (encrypter: Encrypter) => void): Promise<Buffer> {
  const encrypter = new Encrypter();
  change(encrypter);
  return Buffer.from(await encrypter.encrypt(container));
}
const FILE = await encrypted((encrypter) => {
  encrypter.addRecipient(team.recipient);
});

const directory = mkdtempSync(join(tmpdir(), 'exhibit-plain-'));
const path = join(directory, 'x.tar.gz.age');
const scratch = mkdtempSync(join(tmpdir(), 'exhibit-plain-scratch-'));
afterAll(() => {
  for (const folder of [directory, scratch]) rmSync(folder, { recursive: true });
});
beforeEach(() => {
  writeFileSync(path, FILE);
});

async function withKey<T>(options: Partial<ArchiveKeyOptions>, work: (key: ArchiveKey) => Promise<T>): Promise<T> {
  const key = new ArchiveKey({
    identityPaths: [team.identityPath],
    passphrases: passphrasesOf(),
    program: NO_AGE,
    scratchDirectory: scratch,
    ...options,
  });
  try {
    return await work(key);
  } finally {
    key.dispose();
  }
}

async function verify(receipt: Receipt | null, options: Partial<ArchiveKeyOptions> = {}): Promise<VerifyReport> {
  return await withKey(
    options,
    async (key) =>
      await verifyArchive({
        archivePath: path,
        open: async (at) => await key.open(at),
        allowedSigners: { source: 'test', text: allowedSignersOf(signer) },
        receipt,
        now: NOW_MS,
        scratchDirectory: scratch,
      }),
  );
}

describe('an archive that is read out of an age file', () => {
  it('has the verdict of the archive, and says what the receipt says of the age file', async () => {
    const ciphertext = { sha256: sha256(FILE) };
    expect(await verify(null)).toMatchObject({
      verdict: 'VERIFIED',
      containerSha256: sha256(container),
      ciphertext: { ...ciphertext, receipt: 'no receipt' },
    });
    expect(await verify(plainReceipt)).toMatchObject({
      verdict: 'VERIFIED',
      ciphertext: { ...ciphertext, receipt: 'not stated' },
    });
    const good = await verify({ ...plainReceipt, encryptedSha256: sha256(FILE) });
    expect(good).toMatchObject({ verdict: 'VERIFIED', ciphertext: { ...ciphertext, receipt: 'matches' } });
    expect(good.line).toContain(`read out of an age file (sha256 ${sha256(FILE)}), the one of the receipt`);
    const other = await verify({ ...plainReceipt, encryptedSha256: sha256(container) });
    expect(other).toMatchObject({
      verdict: 'TAMPERED',
      findings: [{ check: 'receipt', expected: `encryptedSha256 ${sha256(container)}`, found: sha256(FILE) }],
      ciphertext: { receipt: 'differs' },
    });
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('is summarized as well, and asks once for what opens it', async () => {
    const locked = await encrypted((encrypter) => {
      encrypter.setPassphrase('correct horse');
      encrypter.setScryptWorkFactor(1);
    });
    writeFileSync(path, locked);
    expect(await opensWithPassphrase(path)).toBe(true);
    const passphrases = passphrasesOf('correct horse');
    await withKey({ identityPaths: [], passphrases }, async (key) => {
      const open = async (at: string) => await key.open(at);
      for (let count = 0; count < 2; count += 1)
        expect(await readArchiveSummary(path, open)).toMatchObject({ containerSha256: sha256(container) });
    });
    expect(passphrases.asked).toHaveLength(1);
    writeFileSync(path, FILE);
    expect(await opensWithPassphrase(path)).toBe(false);
  });

  it('is not opened by the key of somebody else, nor by none', async () => {
    for (const identityPaths of [[stranger.identityPath], []])
      await expect(verify(null, { identityPaths })).rejects.toMatchObject({ code: 'DECRYPT_FAILED' });
  });

  it('is refused whatever bit is turned, wherever it is cut off, and with bytes after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(FILE.length * 8 - 1), fc.nat(FILE.length - 1), async (bit, length) => {
        for (const bytes of [flipBit(FILE, bit), FILE.subarray(0, length), Buffer.concat([FILE, Buffer.alloc(20)])]) {
          writeFileSync(path, bytes);
          await expect(verify(null)).rejects.toMatchObject({
            code: expect.stringMatching(/^(DECRYPT_FAILED|USAGE_INVALID|AGE_KEY_INVALID)$/) as string,
          });
        }
      }),
      { numRuns: 25 },
    );
  });

  it('hands nothing over that it has not authenticated, and only in order', async () => {
    const at = FILE.length - container.length + 70_000;
    writeFileSync(path, flipBit(FILE, at * 8));
    await withKey({}, async (key) => {
      const { file, encryptedSha256 } = await key.open(path);
      const got: Buffer[] = [];
      const buffer = Buffer.alloc(50_000);
      const readAll = async (): Promise<void> => {
        for (let position = 0; ;) {
          const { bytesRead } = await file.read(buffer, { position });
          if (bytesRead === 0) return;
          got.push(Buffer.from(buffer.subarray(0, bytesRead)));
          position += bytesRead;
        }
      };
      await expect(readAll()).rejects.toMatchObject({ code: 'DECRYPT_FAILED' });
      const all = Buffer.concat(got);
      expect(container.subarray(0, all.length).equals(all)).toBe(true);
      expect(encryptedSha256?.()).toBeNull();
      await expect(file.read(buffer, { position: 7 })).rejects.toMatchObject({ code: 'INTERNAL' });
      await file.close();
    });
  });
});

const hasAge = hasTool('age') && hasTool('ssh-keygen', ['-?']);
describe.skipIf(!hasAge)(`with a key that only the program age can use${needs('age', hasAge)}`, () => {
  it('is decrypted into a private folder that is removed again', async () => {
    const identity = join(directory, 'id');
    runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
    writeFileSync(join(directory, 'plain'), container);
    rmSync(path);
    runTool('age', ['-R', `${identity}.pub`, '-o', path, join(directory, 'plain')]);
    let during: string[] = [];
    const report = await withKey({ identityPaths: [identity], program: AGE }, async (key) => {
      return await verifyArchive({
        archivePath: path,
        open: async (at) => {
          const opened = await key.open(at);
          during = readdirSync(scratch);
          return opened;
        },
        allowedSigners: { source: 'test', text: allowedSignersOf(signer) },
        now: NOW_MS,
      });
    });
    expect(report).toMatchObject({ verdict: 'VERIFIED', ciphertext: { receipt: 'no receipt' } });
    expect(during).toHaveLength(1);
    expect(readdirSync(scratch)).toEqual([]);
  });
});
