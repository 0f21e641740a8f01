import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createUploadJournal } from '../../src/evidence/destinations/upload-journal.js';
import { createS3Destination, type S3DestinationOptions } from '../../src/platforms/aws/s3-destination.js';
import type { Destination } from '../../src/ports/destination.js';
import {
  bytesOf,
  type DestinationHarness,
  destinationContract,
  outgoing,
  quiet,
} from '../conformance/destination-contract.js';
import { Bucket } from './bucket.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const MIB = 1024 * 1024;

describe.skipIf(!hasMoto)(`a bucket of moto as destination${needsMoto}`, () => {
  let moto: Moto;
  let bucket: Bucket;
  let uploads: string;

  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    bucket = await new Bucket(moto.endpoint).create();
    uploads = join(mkdtempSync(join(tmpdir(), 'exhibit-aws-')), 'uploads');
  });
  afterEach(() => {
    rmSync(join(uploads, '..'), { recursive: true, force: true });
  });

  const open = (options: Partial<S3DestinationOptions> = {}): Destination =>
    createS3Destination({
      url: `s3://${bucket.name}/case/evidence`,
      endpoint: moto.endpoint,
      variables: FAKE_ACCOUNT,
      journal: createUploadJournal(uploads),
      partBytes: 5 * MIB,
      ...options,
    });

  const harness: DestinationHarness = {
    open: async (signal) => open({ signal }),
    tamper: (name, bytes) => bucket.overwrite(`case/evidence/${name}`, bytes),
    contents: () => bucket.contents('case/evidence/'),
    nowhere: async () => open({ url: 's3://no-such-bucket-anywhere' }),
  };

  destinationContract(() => harness);

  it('keeps the digest of the whole beside the object, and no trace of a finished upload on this machine', async () => {
    const file = outgoing('a', Buffer.alloc(12 * MIB, 7));
    expect(await open().put(file, quiet)).toMatchObject({
      sha256: file.sha256,
      location: `s3://${bucket.name}/case/evidence/a`,
    });
    expect(readdirSync(uploads)).toEqual([]);
  });

  it('reads an object that others made, without a digest', async () => {
    await bucket.overwrite('case/evidence/a', Buffer.from('theirs'));
    const destination = open();
    const stored = await destination.find('a');
    expect(stored).toMatchObject({ sha256: null, sizeBytes: 6 });
    expect((await bytesOf(destination.read(stored!))).toString()).toBe('theirs');
  });

  it('believes no digest of another form', async () => {
    const destination = open();
    await destination.put(outgoing('a', Buffer.from('x'), { sha256: outgoing('', Buffer.from('x')).sha256 }), quiet);
    expect((await destination.find('a'))?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  describe('with Object Lock', () => {
    const untilAt = '2099-01-01T00:00:00.000Z';
    const governance = { retention: { mode: 'governance', untilAt }, legalHold: false } as const;

    beforeEach(async () => {
      bucket = await new Bucket(moto.endpoint).create({ lockable: true });
    });

    it.each([
      ['governance', governance],
      ['compliance', { retention: { mode: 'compliance', untilAt }, legalHold: false }],
      ['a legal hold', { retention: null, legalHold: true }],
      ['both', { ...governance, legalHold: true }],
    ] as const)('sets %s together with the object and reads it back from the store', async (_, lock) => {
      const destination = open();
      await destination.prepare(lock);
      const stored = await destination.put(outgoing('a', Buffer.from('x')), { ...quiet, lock });
      expect(stored.versionId).not.toBeNull();
      expect(await destination.readLock(stored)).toEqual(lock);
      await expect(bucket.remove('case/evidence/a', stored.versionId!)).rejects.toMatchObject({
        name: 'AccessDenied',
      });
    });

    it('sets afterwards what the store did not take together with the object', async () => {
      const lock = { ...governance, legalHold: true };
      const destination = open();
      const stored = await destination.put(outgoing('a', Buffer.from('x')), quiet);
      await destination.setLock(stored, lock);
      expect(await destination.readLock(stored)).toEqual(lock);
    });

    it('is refused before anything is sent by a bucket that has none', async () => {
      bucket = await new Bucket(moto.endpoint).create();
      for (const lock of [governance, { retention: null, legalHold: true }])
        await expect(open().prepare(lock)).rejects.toMatchObject({ code: 'DESTINATION_NOT_LOCKED', exitCode: 21 });
      expect(await bucket.contents()).toEqual([]);
    });
  });
});
