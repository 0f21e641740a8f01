import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { allowedSignersOf, gzipOf, packBag, receiptOf, sealedBag } from '../../test/fakes/archive-builder.js';
import { addAll, steadyClock } from '../../test/fakes/custody-record.js';
import { memorySigner } from '../../test/fakes/evidence-case.js';
import { addCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import type { Receipt } from '../model/exhibit.js';
import { addCustody, type CustodyAddRequest } from './custody-add.js';
import { checkArchive } from './custody-archive.js';
import { readCustodyRecord } from './custody-record.js';

const key = generateKeyPairSync('ed25519').privateKey;
const bag = sealedBag(key);
const container = gzipOf(packBag(bag));
const signer = memorySigner();
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
const encrypted = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), container]);

let directory: string;
let archivePath: string;
let receipt: Receipt;
let deps: { clock: ReturnType<typeof steadyClock>; scratchDirectory: string };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-custody-'));
  archivePath = join(directory, `${bag.root}.tar.gz`);
  receipt = receiptOf(bag, container, key);
  deps = { clock: steadyClock(), scratchDirectory: directory };
  writeFileSync(archivePath, container);
  return () => rmSync(directory, { recursive: true });
});

const request = (path = archivePath, receiptPath: string | null = null) => ({
  archivePath: path,
  receiptPath,
  allowedSigners: { source: 'test', text: allowedSignersOf(key) },
  requireComplete: false,
});
const check = async (path?: string, options: { isVerified?: boolean; isFailureRecorded?: boolean } = {}) =>
  await checkArchive(request(path), { isVerified: true, isFailureRecorded: false, ...options }, deps);
const exhibit = () => ({
  exhibitId: bag.root,
  tagmanifestSha256: receipt.tagmanifestSha256,
  containerSha256: receipt.containerSha256,
});
const putReceipt = (change: Partial<Receipt> = {}): void =>
  writeFileSync(join(directory, `${bag.root}.receipt.json`), JSON.stringify({ ...receipt, ...change }));

describe('an archive that an event is about', () => {
  it('is verified, and the report has the digest that the event gets', async () => {
    const checked = await check();
    expect(checked).toMatchObject({ exhibit: exhibit(), verified: { verdict: 'VERIFIED' }, foundSha256: null });
    expect(checked.verified?.reportSha256).toBe(sha256(checked.reportText ?? ''));
    expect(JSON.parse(checked.reportText ?? '')).toMatchObject({ verdict: 'VERIFIED', archive: archivePath });
  });

  it('is refused when it is tampered with, unless that is what the event says, of an archive that is known', async () => {
    writeFileSync(archivePath, container.subarray(0, -20));
    await expect(check()).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    await expect(check(archivePath, { isFailureRecorded: true })).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    putReceipt();
    expect(await check(archivePath, { isFailureRecorded: true })).toMatchObject({
      exhibit: exhibit(),
      verified: { verdict: 'TAMPERED' },
      foundSha256: sha256(container.subarray(0, -20)),
    });
  });

  it('without a check has the digest of its receipt or of its newest event, or is not known', async () => {
    const quick = { isVerified: false };
    await expect(check(archivePath, quick)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    putReceipt();
    const expected = { exhibit: exhibit(), verified: null, reportText: null };
    expect(await check(archivePath, quick)).toMatchObject(expected);
    rmSync(join(directory, `${bag.root}.receipt.json`));
    await addCustodyEvent({ archivePath, exhibit: exhibit(), event: { event: 'copy' }, signer, clock: deps.clock });
    expect(await check(archivePath, quick)).toMatchObject(expected);
    writeFileSync(archivePath, Buffer.concat([container, Buffer.from('x')]));
    await expect(check(archivePath, quick)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });

  it('that is encrypted is compared with its receipt', async () => {
    const path = `${archivePath}.age`;
    writeFileSync(path, encrypted);
    await expect(check(path)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    putReceipt();
    await expect(check(path)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    putReceipt({ encryptedSha256: sha256(encrypted) });
    const checked = await check(path);
    expect(checked).toMatchObject({
      exhibit: { ...exhibit(), encryptedSha256: sha256(encrypted) },
      verified: { verdict: 'CIPHERTEXT_MATCHES', reportSha256: sha256(checked.reportText ?? '') },
    });
    expect(await check(path, { isVerified: false })).toMatchObject({ verified: null });
    writeFileSync(path, Buffer.concat([encrypted, Buffer.from('x')]));
    await expect(check(path)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });
});

describe('addCustody', () => {
  const add = async (event: CustodyAddRequest['event'], reportPath: string | null = null) =>
    await addCustody({ archive: request(), event, isVerified: true, reportPath }, { ...deps, signer });

  it('writes the report once, and no event when it cannot', async () => {
    const reportPath = join(directory, 'report.json');
    const { path } = await add({ event: 'access' }, reportPath);
    const { verified } = JSON.parse(readFileSync(path, 'utf8')) as { verified: object };
    expect(verified).toEqual({ verdict: 'VERIFIED', reportSha256: sha256(readFileSync(reportPath)) });
    await expect(add({ event: 'access' }, reportPath)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    const read = await readCustodyRecord({ ...request(), comparePath: null }, deps);
    expect(read.events).toHaveLength(1);
  });

  it.each(['transfer-out', 'transfer-in', 'hold', 'release', 'dispose', 'retimestamp'] as const)(
    'asks for what %s must say',
    async (event) => {
      await expect(add({ event })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    },
  );
});

describe('readCustodyRecord', () => {
  const read = async (path = archivePath, comparePath: string | null = null) => {
    const allowedSigners = { source: 'test', text: trustText };
    return await readCustodyRecord({ archivePath: path, receiptPath: null, allowedSigners, comparePath }, deps);
  };
  const trustText = `x@test namespaces="exhibit-custody@v1" ${signer.publicKey}\n`;

  it('finds events that are about an archive with another digest', async () => {
    await addCustodyEvent({ archivePath, exhibit: exhibit(), event: { event: 'copy' }, signer, clock: deps.clock });
    expect((await read()).verdict).toBe('CUSTODY_INTACT');
    writeFileSync(archivePath, gzipOf(packBag(sealedBag(generateKeyPairSync('ed25519').privateKey))));
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_BROKEN', findings: [{ kind: 'other-exhibit', seq: 1 }] });
  });

  it('reads the record of an encrypted archive by its receipt', async () => {
    const path = `${archivePath}.age`;
    writeFileSync(path, encrypted);
    await expect(read(path)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    putReceipt({ encryptedSha256: sha256(encrypted) });
    expect(await read(path)).toMatchObject({ verdict: 'CUSTODY_EMPTY', statement: null, sealedBy: receipt.signer });
    putReceipt({ encryptedSha256: 'd'.repeat(64) });
    await expect(read(path)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });

  it('finds by the copy of the other party that the whole record was removed', async () => {
    const elsewhere = join(directory, 'elsewhere', `${bag.root}.tar.gz`);
    await expect(addAll(elsewhere, [[signer, { event: 'copy' }]])).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await addCustodyEvent({ archivePath, exhibit: exhibit(), event: { event: 'copy' }, signer, clock: deps.clock });
    const other = join(directory, 'gone.tar.gz');
    writeFileSync(other, container);
    const folder = join(directory, `${bag.root}.custody`);
    cpSync(folder, join(directory, 'theirs'), { recursive: true });
    rmSync(folder, { recursive: true });
    expect(await read(other, join(directory, 'theirs'))).toMatchObject({
      verdict: 'CUSTODY_BROKEN',
      findings: [{ kind: 'missing', seq: 1, file: '0001-copy.json' }],
    });
  });
});
