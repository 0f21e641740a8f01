import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  packBag,
  receiptOf,
  SAMPLE_PAYLOAD,
  sealedBag,
  sha256,
} from '../../test/fakes/archive-builder.js';
import { memorySigner } from '../../test/fakes/evidence-case.js';
import { MemoryDestination } from '../../test/fakes/memory-destination.js';
import { createDirectoryDestination } from '../evidence/destinations/directory-destination.js';
import { addCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import { systemClock } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Progress } from '../ports/io.js';
import { type Destination, NO_LOCK, type StorageLock } from '../ports/destination.js';
import { pull, type PullRequest } from './pull.js';
import { abandonPush, push, type PushDeps, type PushRequest } from './push.js';

const { privateKey } = generateKeyPairSync('ed25519');
const signer = memorySigner(privateKey);
const NAME = 'case-abcd-x0001.tar.gz';
const bag = sealedBag(privateKey);
const container = gzipOf(packBag(bag));
const receipt = receiptOf(bag, container, privateKey);
const SECRET = SAMPLE_PAYLOAD.map((item) => ({ ...item, sensitivity: 'secret' as const }));
const secretContainer = gzipOf(packBag(sealedBag(privateKey, { payload: SECRET })));
const trusted = { source: 'test', text: allowedSignersOf(privateKey) };

let folder: string;
let archivePath: string;
let messages: string[];
let progress: Progress[];
let store: MemoryDestination;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-push-'));
  archivePath = join(folder, NAME);
  writeFileSync(archivePath, container);
  messages = [];
  progress = [];
  store = new MemoryDestination();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const io = {
  emit: (code: string) => messages.push(code),
  progress: (state: Progress) => progress.push(state),
} as unknown as PushDeps['io'];

function requestOf(fields: Partial<PushRequest> = {}): PushRequest {
  return {
    archive: { archivePath, allowedSigners: trusted, receiptPath: null, requireComplete: false },
    accepted: null,
    isPlaintextAllowed: false,
    lock: NO_LOCK,
    isReadBack: true,
    withReceipt: false,
    ...fields,
  };
}

function depsOf(destination: Destination, fields: Partial<PushDeps> = {}): PushDeps {
  const { signal } = new AbortController();
  return { destination, signer, clock: systemClock, io, scratchDirectory: folder, signal, ...fields };
}

const pushed = async (fields: Partial<PushRequest> = {}, deps: Partial<PushDeps> = {}) =>
  await push(requestOf(fields), depsOf(store, deps));

describe('push', () => {
  it('sends the archive, reads it back, records the copy, and sends the record', async () => {
    const summary = await pushed();
    expect(store.sent).toEqual([
      NAME,
      'case-abcd-x0001.custody/0001-copy.json',
      'case-abcd-x0001.custody/0001-copy.json.sig',
    ]);
    expect(store.kept.get(NAME)?.bytes.equals(container)).toBe(true);
    expect(summary).toMatchObject({ exhibitId: 'case-abcd-x0001', verdict: 'VERIFIED', isEncrypted: false });
    expect(summary.files[0]).toEqual({
      location: `memory://store/${NAME}`,
      sizeBytes: container.length,
      sha256: sha256(container),
      versionId: null,
      wasThere: false,
      isReadBack: true,
    });
    const event = JSON.parse(readFileSync(summary.custodyEvent ?? '', 'utf8')) as Record<string, unknown>;
    expect(event).toMatchObject({
      event: 'copy',
      location: `memory://store/${NAME}`,
      containerSha256: sha256(container),
      verified: { verdict: 'VERIFIED' },
      data: { destination: `memory://store/${NAME}`, sha256: sha256(container), readBack: true, legalHold: false },
    });
    expect(messages).toEqual(expect.arrayContaining(['PUSH_STARTED', 'PUSH_READ_BACK']));
    expect(progress.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['push', 'read back']));
  });

  it('repeated, sends nothing again and records nothing twice', async () => {
    const first = await pushed();
    const second = await pushed();
    expect(store.sent).toHaveLength(3);
    expect(second.custodyEvent).toBe(first.custodyEvent);
    expect(second.files.every(({ wasThere, isReadBack }) => wasThere && isReadBack)).toBe(true);
    expect(readdirSync(join(folder, 'case-abcd-x0001.custody')).filter((name) => name.endsWith('.json'))).toHaveLength(
      1,
    );
  });

  it('that ended between copy and record, writes the record when it is repeated', async () => {
    await pushed({}, { signer: null });
    expect(store.sent).toEqual([NAME]);
    expect((await pushed()).custodyEvent).toMatch(/0001-copy\.json$/);
  });

  it('sends nothing of an archive that does not verify, unless an intact one is accepted by its verdict', async () => {
    const untrusted = { archive: { ...requestOf().archive, allowedSigners: null } };
    await expect(pushed(untrusted)).rejects.toMatchObject({ code: 'VERIFY_FAILED', exitCode: 4 });
    expect(store.sent).toEqual([]);
    await expect(pushed({ ...untrusted, accepted: 'INTACT_UNSEALED' })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    expect((await pushed({ ...untrusted, accepted: 'UNTRUSTED_SIGNER' })).verdict).toBe('UNTRUSTED_SIGNER');
  });

  it('sends nothing of an archive that was tampered with, whatever is accepted', async () => {
    // Of the tar: a bit of the container may change how it is packed and nothing else.
    const tar = packBag(bag);
    const at = tar.indexOf('line one');
    tar.writeUInt8(tar.readUInt8(at) ^ 1, at);
    writeFileSync(archivePath, gzipOf(tar));
    await expect(pushed({ accepted: 'TAMPERED' })).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect(store.sent).toEqual([]);
  });

  it('keeps secrets in the clear on this machine, unless told otherwise', async () => {
    writeFileSync(archivePath, secretContainer);
    await expect(pushed()).rejects.toMatchObject({
      code: 'PLAINTEXT_REFUSED',
      exitCode: 5,
      message: '3 items are secret, and the archive is not encrypted',
    });
    expect(store.sent).toEqual([]);
    expect((await pushed({ isPlaintextAllowed: true })).files).toHaveLength(3);
  });

  describe('of an encrypted archive', () => {
    const encrypted = Buffer.from('age-encryption.org/v1\n-> X25519 abc\n--- def\nciphertext');
    const receiptPath = (): string => join(folder, 'case-abcd-x0001.receipt.json');

    beforeEach(() => {
      rmSync(archivePath);
      archivePath = join(folder, `${NAME}.age`);
      writeFileSync(archivePath, encrypted);
    });

    it('compares it with the receipt and sends it under its name', async () => {
      writeFileSync(receiptPath(), JSON.stringify({ ...receipt, encryptedSha256: sha256(encrypted) }));
      const summary = await pushed();
      expect(summary).toMatchObject({ isEncrypted: true, verdict: 'CIPHERTEXT_MATCHES' });
      expect(store.kept.get(`${NAME}.age`)?.bytes.equals(encrypted)).toBe(true);
    });

    it('sends nothing without a receipt, or of another ciphertext', async () => {
      await expect(pushed()).rejects.toMatchObject({ code: 'USAGE_INVALID' });
      writeFileSync(receiptPath(), JSON.stringify({ ...receipt, encryptedSha256: sha256('another') }));
      await expect(pushed()).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
      expect(store.sent).toEqual([]);
    });
  });

  it('never replaces what has the name already', async () => {
    for (const sha of [sha256('other'), null]) {
      store.kept.set(NAME, { bytes: Buffer.from('other'), sha256: sha, lock: NO_LOCK });
      await expect(pushed()).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED', exitCode: 5 });
    }
    store.kept.set(NAME, { bytes: Buffer.alloc(container.length), sha256: null, lock: NO_LOCK });
    await expect(pushed()).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
    expect(store.sent).toEqual([]);
  });

  it('finds damage that the store does not know of, by reading back', async () => {
    store.damage = (bytes) => Buffer.from(bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte)));
    await expect(pushed()).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH', exitCode: 21 });
    expect(existsSync(join(folder, 'case-abcd-x0001.custody'))).toBe(false);
  });

  it('also when the damaged copy is found there by a later push', async () => {
    store.kept.set(NAME, { bytes: Buffer.alloc(container.length), sha256: sha256(container), lock: NO_LOCK });
    await expect(pushed()).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
  });

  it('believes neither another digest nor another size of the store', async () => {
    store.says = () => sha256('another');
    await expect(pushed()).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
    store = new MemoryDestination();
    store.damage = (bytes) => bytes.subarray(1);
    await expect(pushed({ isReadBack: false })).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
  });

  it('says loudly that it did not read back, and records it', async () => {
    const { files, custodyEvent } = await pushed({ isReadBack: false });
    expect(files[0]).toMatchObject({ isReadBack: false });
    expect(messages).toContain('PUSH_NOT_READ_BACK');
    expect(JSON.parse(readFileSync(custodyEvent ?? '', 'utf8'))).toMatchObject({ data: { readBack: false } });
  });

  it('that ends early says how to go on and what is safe', async () => {
    store.failure = new ExhibitError('DESTINATION_UNREACHABLE', 'no answer', { hints: ['look'], retryable: true });
    await expect(pushed()).rejects.toMatchObject({
      code: 'DESTINATION_UNREACHABLE',
      hints: ['look', 'exhibit resume'],
      safe: expect.stringContaining('parts that were stored are not sent again') as string,
    });
  });

  it('sends the receipt only when asked, and warns', async () => {
    const path = join(folder, 'case-abcd-x0001.receipt.json');
    writeFileSync(path, JSON.stringify(receipt));
    await pushed({ withReceipt: true });
    expect(store.kept.get('case-abcd-x0001.receipt.json')?.bytes).toEqual(readFileSync(path));
    expect(messages).toContain('PUSH_RECEIPT_TOGETHER');
  });

  describe('with a lock', () => {
    const lock: StorageLock = {
      retention: { mode: 'governance', untilAt: '2099-01-01T00:00:00.000Z' },
      legalHold: true,
    };

    it('reads it back, and records it', async () => {
      const { custodyEvent } = await pushed({ lock });
      expect(messages).not.toContain('PUSH_LOCKED_AFTERWARDS');
      expect(JSON.parse(readFileSync(custodyEvent ?? '', 'utf8'))).toMatchObject({
        data: { retentionMode: 'governance', retainUntil: '2099-01-01T00:00:00.000Z', legalHold: true },
      });
    });

    it('takes a stricter and longer one for what it is', async () => {
      const stricter = { mode: 'compliance', untilAt: '2099-01-02T00:00:00.000Z' } as const;
      store.lockAtPut = () => ({ retention: stricter, legalHold: true });
      await pushed({ lock });
      expect(messages).not.toContain('PUSH_LOCKED_AFTERWARDS');
    });

    it('sets it afterwards where the store did not take it, and says so', async () => {
      store.lockAtPut = () => NO_LOCK;
      await pushed({ lock });
      expect(messages).toContain('PUSH_LOCKED_AFTERWARDS');
    });

    it.each<readonly [string, StorageLock]>([
      ['nothing', NO_LOCK],
      ['the hold alone', { retention: null, legalHold: true }],
      ['the retention alone', { ...lock, legalHold: false }],
      ['a shorter retention', { ...lock, retention: { mode: 'governance', untilAt: '2098-12-31T23:59:59.000Z' } }],
    ])('fails when the store keeps %s', async (_, kept) => {
      store.lockAtPut = () => kept;
      store.lockLater = () => kept;
      await expect(pushed({ lock })).rejects.toMatchObject({ code: 'DESTINATION_NOT_LOCKED', exitCode: 21 });
    });

    it('fails when governance is kept where compliance was asked for', async () => {
      store.lockAtPut = () => lock;
      store.lockLater = () => lock;
      const strict: StorageLock = {
        retention: { mode: 'compliance', untilAt: '2099-01-01T00:00:00.000Z' },
        legalHold: false,
      };
      await expect(pushed({ lock: strict })).rejects.toMatchObject({ code: 'DESTINATION_NOT_LOCKED' });
    });
  });

  it('abandoned, needs the name of an exhibit', async () => {
    expect(await abandonPush(archivePath, store)).toBe(0);
    await expect(abandonPush(join(folder, 'evidence.tgz'), store)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});

describe('pull', () => {
  const output = (): string => join(folder, 'incoming');

  beforeEach(() => {
    store.kept.set(NAME, { bytes: container, sha256: sha256(container), lock: NO_LOCK });
    writeFileSync(join(folder, 'receipt.json'), JSON.stringify(receipt));
  });

  const pulled = async (fields: Partial<PullRequest> = {}, verify: Partial<PullRequest['verify']> = {}) =>
    await pull(
      {
        name: NAME,
        outputDirectory: output(),
        maxBytes: null,
        verify: { allowedSigners: trusted, receiptPath: null, requireComplete: false, ...verify },
        ...fields,
      },
      { source: store, clock: systemClock, io, scratchDirectory: folder },
    );

  it('fetches, compares with the source and the receipt, and verifies', async () => {
    const summary = await pulled({}, { receiptPath: join(folder, 'receipt.json') });
    expect(summary).toMatchObject({ digestOfSource: 'matches', digestOfReceipt: 'matches', sha256: sha256(container) });
    expect(summary.report).toMatchObject({ verdict: 'VERIFIED', archive: join(output(), NAME) });
    expect(readFileSync(summary.path).equals(container)).toBe(true);
  });

  it('fetches custody record and receipt as push left them, and believes neither', async () => {
    store.kept.clear();
    writeFileSync(join(folder, 'case-abcd-x0001.receipt.json'), JSON.stringify(receipt));
    await pushed({ withReceipt: true });
    const { exhibitId, tagmanifestSha256, containerSha256 } = receipt;
    const exhibit = { exhibitId, tagmanifestSha256, containerSha256 };
    for (const event of ['access', 'verify'] as const)
      await addCustodyEvent({ archivePath, exhibit, event: { event }, signer, clock: systemClock });
    await pushed();
    const summary = await pulled();
    const custody = join(output(), 'case-abcd-x0001.custody');
    expect(summary).toMatchObject({
      digestOfReceipt: 'none',
      custodyPath: custody,
      custodyEvents: 3,
      receiptPath: join(output(), 'case-abcd-x0001.receipt.json'),
      report: { verdict: 'VERIFIED' },
    });
    const original = join(folder, 'case-abcd-x0001.custody');
    const names = readdirSync(original).filter((name) => name.startsWith('0'));
    expect(readdirSync(custody).sort()).toEqual(names.sort());
    for (const name of names)
      expect(readFileSync(join(custody, name)).equals(readFileSync(join(original, name)))).toBe(true);
    expect(readdirSync(output()).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('fetches what comes after an event that is missing, so that the hole is seen, and both of a fork', async () => {
    const custody = 'case-abcd-x0001.custody';
    for (const name of ['0001-copy.json', '0001-access.json', '0003-hold.json'])
      store.kept.set(`${custody}/${name}`, { bytes: Buffer.from('{}'), sha256: null, lock: NO_LOCK });
    expect(await pulled()).toMatchObject({ custodyEvents: 3 });
    expect(readdirSync(join(output(), custody)).sort()).toEqual([
      '0001-access.json',
      '0001-copy.json',
      '0003-hold.json',
    ]);
  });

  it('keeps the record and the receipt that are here, and the archive when the others cannot be fetched', async () => {
    const custody = join(output(), 'case-abcd-x0001.custody');
    mkdirSync(custody, { recursive: true });
    const event = 'case-abcd-x0001.custody/0001-copy.json';
    store.kept.set(event, { bytes: Buffer.from('{}'), sha256: null, lock: NO_LOCK });
    expect(await pulled()).toMatchObject({ custodyPath: null, report: { verdict: 'VERIFIED' } });
    expect([readdirSync(custody), messages.includes('PULL_CUSTODY_KEPT')]).toEqual([[], true]);
    rmSync(output(), { recursive: true });
    store.kept.set(event, { bytes: Buffer.from('{}'), sha256: sha256('other'), lock: NO_LOCK });
    expect(await pulled()).toMatchObject({ custodyPath: null, report: { verdict: 'VERIFIED' } });
    expect(messages).toContain('PULL_COMPANIONS_FAILED');
    rmSync(output(), { recursive: true });
    store.kept.set(event, { bytes: Buffer.alloc(300_000), sha256: null, lock: NO_LOCK });
    await pulled();
    expect(readdirSync(output())).toEqual([NAME]);
  });

  it('says where nothing was there to compare with', async () => {
    store.kept.set(NAME, { bytes: container, sha256: null, lock: NO_LOCK });
    expect(await pulled()).toMatchObject({ digestOfSource: 'none', digestOfReceipt: 'none' });
  });

  it('leaves nothing of bytes that are not those of the digest, the receipt or the size', async () => {
    store.kept.set(NAME, { bytes: secretContainer, sha256: sha256(container), lock: NO_LOCK });
    await expect(pulled()).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    store.kept.set(NAME, { bytes: secretContainer, sha256: null, lock: NO_LOCK });
    await expect(pulled({}, { receiptPath: join(folder, 'receipt.json') })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    expect(readdirSync(output())).toEqual([]);
  });

  it('keeps an archive that does not verify, and tells the verdict', async () => {
    const { report, path } = await pulled({}, { allowedSigners: null });
    expect(report).toMatchObject({ verdict: 'UNTRUSTED_SIGNER', exitCode: 4 });
    expect(existsSync(path)).toBe(true);
  });

  it('fetches nothing that is larger than the limit, missing, or named as no file is', async () => {
    await expect(pulled({ maxBytes: container.length - 1 })).rejects.toMatchObject({ code: 'TOO_LARGE', exitCode: 5 });
    await expect(pulled({ name: 'other.tar.gz' })).rejects.toMatchObject({ code: 'DESTINATION_INVALID' });
    for (const name of ['', '.', '..', '.ssh', 'a b', 'a\nb', '-rf', 'x'.repeat(201)])
      await expect(pulled({ name })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(existsSync(output())).toBe(false);
    await pulled({ maxBytes: container.length });
  });

  it('replaces nothing', async () => {
    mkdirSync(output());
    writeFileSync(join(output(), NAME), 'mine');
    await expect(pulled()).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
    expect(readFileSync(join(output(), NAME), 'utf8')).toBe('mine');
  });

  it('of an encrypted archive compares it with the receipt and checks nothing inside', async () => {
    const encrypted = Buffer.from('age-encryption.org/v1\nciphertext');
    const of = { ...receipt, encryptedSha256: sha256(encrypted) };
    writeFileSync(join(folder, 'receipt.json'), JSON.stringify(of));
    store.kept.set(`${NAME}.age`, { bytes: encrypted, sha256: null, lock: NO_LOCK });
    expect(await pulled({ name: `${NAME}.age` }, { receiptPath: join(folder, 'receipt.json') })).toMatchObject({
      report: null,
      digestOfReceipt: 'matches',
    });
  });

  it('brings back from a directory what was pushed into it', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const destination = createDirectoryDestination(disk, { signal: new AbortController().signal });
    const summary = await push(requestOf(), depsOf(destination));
    expect(summary.files.every(({ isReadBack }) => isReadBack)).toBe(true);
    const request = { name: NAME, outputDirectory: output(), maxBytes: null };
    const verify = { allowedSigners: trusted, receiptPath: join(folder, 'receipt.json'), requireComplete: false };
    const deps = { source: destination, clock: systemClock, io, scratchDirectory: folder };
    expect((await pull({ ...request, verify }, deps)).report?.verdict).toBe('VERIFIED');
  });
});
