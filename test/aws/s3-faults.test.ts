import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createUploadJournal } from '../../src/evidence/destinations/upload-journal.js';
import { createS3Destination, type S3DestinationOptions } from '../../src/platforms/aws/s3-destination.js';
import { type Destination, NO_LOCK } from '../../src/ports/destination.js';
import { bytesOf, outgoing, quiet } from '../conformance/destination-contract.js';
import { Bucket } from './bucket.js';
import { type Asked, FaultProxy, type Misdeed } from './fault-proxy.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const MIB = 1024 * 1024;
/** Four parts of 5 MiB, the last one shorter. */
const BYTES = randomBytes(17 * MIB);
const FILE = outgoing('a', BYTES);
const SMALL = outgoing('a', Buffer.from('small'));

const isPart = (number: number) => (asked: Asked) =>
  asked.method === 'PUT' && asked.url.includes(`partNumber=${String(number)}&`);
const isPut = ({ method, url }: Asked): boolean => method === 'PUT' && !url.includes('partNumber');
const isHead = ({ method, url }: Asked): boolean => method === 'HEAD' && url.includes('/a');
const isGet = ({ method, url }: Asked): boolean => method === 'GET' && !url.includes('uploadId');
const isComplete = ({ method, url }: Asked): boolean => method === 'POST' && url.includes('uploadId=');
const isListParts = ({ method, url }: Asked): boolean => method === 'GET' && url.includes('uploadId=');

describe.skipIf(!hasMoto)(`an upload to a bucket that fails${needsMoto}`, () => {
  let moto: Moto;
  let bucket: Bucket;
  let proxy: FaultProxy;
  let endpoint: string;
  let uploads: string;

  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    bucket = await new Bucket(moto.endpoint).create();
    proxy = new FaultProxy(moto.endpoint);
    endpoint = await proxy.start();
    uploads = join(mkdtempSync(join(tmpdir(), 'exhibit-faults-')), 'uploads');
  });
  afterEach(async () => {
    await proxy.stop();
    rmSync(join(uploads, '..'), { recursive: true, force: true });
  });

  const open = (options: Partial<S3DestinationOptions> = {}): Destination =>
    createS3Destination({
      url: `s3://${bucket.name}`,
      endpoint,
      variables: { ...FAKE_ACCOUNT, AWS_PROFILE: 'vault' },
      journal: createUploadJournal(uploads),
      partBytes: 5 * MIB,
      attempts: 2,
      ...options,
    });

  /** The misdeed for what matches, this many times; always without a number. */
  const misbehave = (matches: (asked: Asked) => boolean, misdeed: Misdeed, times = Infinity): void => {
    let left = times;
    proxy.decide = (asked) => {
      if (left <= 0 || !matches(asked)) return null;
      left -= 1;
      return misdeed;
    };
  };
  const sentParts = (): number => proxy.count('PUT', /partNumber=/);
  const expectStored = async (destination: Destination, bytes = BYTES): Promise<void> => {
    proxy.decide = () => null;
    const stored = await destination.find('a');
    expect((await bytesOf(destination.read(stored!))).equals(bytes)).toBe(true);
    expect(await bucket.contents()).toEqual(['a']);
    expect(readdirSync(uploads)).toEqual([]);
  };

  it.each<readonly [string, Misdeed]>([
    ['asks to slow down', { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['fails', { kind: 'answer', status: 500 }],
    ['cuts the connection', { kind: 'cut' }],
    ['finds that the bytes came damaged', { kind: 'answer', status: 400, code: 'BadDigest' }],
    ['stores the part and loses the answer', { kind: 'answer', status: 500, forward: true }],
    ['says that it stored other bytes', { kind: 'headers', set: { 'x-amz-checksum-sha256': 'AAAA' } }],
  ])('once at part 2, because it %s: the part is sent again', async (_, misdeed) => {
    misbehave(isPart(2), misdeed, 1);
    await open().put(FILE, quiet);
    expect(sentParts()).toBe(5);
    await expectStored(open());
  });

  it.each<readonly [string, Misdeed, string]>([
    ['asks to slow down', { kind: 'answer', status: 503, code: 'SlowDown' }, 'DESTINATION_UNREACHABLE'],
    ['fails', { kind: 'answer', status: 500 }, 'DESTINATION_UNREACHABLE'],
    ['cuts the connection', { kind: 'cut' }, 'DESTINATION_UNREACHABLE'],
    ['falls silent', { kind: 'silence' }, 'DESTINATION_UNREACHABLE'],
    ['finds that the bytes came damaged', { kind: 'answer', status: 400, code: 'BadDigest' }, 'DESTINATION_FAILED'],
    ['refuses', { kind: 'answer', status: 403, code: 'AccessDenied' }, 'DESTINATION_DENIED'],
    ['has lost the session', { kind: 'answer', status: 400, code: 'ExpiredToken' }, 'DESTINATION_DENIED'],
    [
      'says that it stored other bytes',
      { kind: 'headers', set: { 'x-amz-checksum-sha256': 'AAAA' } },
      'DESTINATION_MISMATCH',
    ],
  ])('always at part 3, because it %s: what is there is not sent again', async (_, misdeed, code) => {
    misbehave(isPart(3), misdeed);
    await expect(open({ idleTimeoutMs: 3000 }).put(FILE, quiet)).rejects.toMatchObject({ code });
    expect(await bucket.contents()).toEqual(['a (unfinished)']);
    proxy.decide = () => null;
    const before = sentParts();
    const resumed: number[] = [];
    await open().put(FILE, { ...quiet, onResume: (bytes) => resumed.push(bytes) });
    // Lanes run ahead of the part that fails; what they stored counts, too.
    expect(sentParts() - before).toBeLessThanOrEqual(2);
    expect(sentParts() - before).toBeGreaterThanOrEqual(1);
    expect(resumed).toHaveLength(1);
    expect(resumed[0]).toBeGreaterThanOrEqual(10 * MIB);
    await expectStored(open());
  });

  it('names the permission, the profile and the request, and no credential', async () => {
    misbehave(isPut, { kind: 'answer', status: 403, code: 'AccessDenied' });
    const error: unknown = await open()
      .put(SMALL, quiet)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'DESTINATION_DENIED',
      exitCode: 20,
      subject: `s3://${bucket.name}/a`,
      message: expect.stringContaining('does not allow s3:PutObject') as string,
      hints: ['aws sts get-caller-identity --profile vault'],
    });
    misbehave(isPut, { kind: 'answer', status: 400, code: 'ExpiredToken' });
    await expect(open().put(SMALL, quiet)).rejects.toMatchObject({
      hints: ['aws sso login --profile vault', 'aws sts get-caller-identity --profile vault'],
    });
    misbehave(isHead, { kind: 'answer', status: 403 });
    await expect(open().find('a')).rejects.toMatchObject({
      message: expect.stringContaining('s3:GetObject and s3:ListBucket') as string,
    });
    expect(JSON.stringify(error)).not.toContain('testing');
  });

  it('whose answer to the completion is lost has the object all the same', async () => {
    misbehave(isComplete, { kind: 'answer', status: 500, forward: true }, 1);
    expect(await open().put(FILE, quiet)).toMatchObject({ sha256: FILE.sha256 });
    await expectStored(open());
  });

  it('whose answer to the one request is lost has the object all the same', async () => {
    misbehave(isPut, { kind: 'answer', status: 500, forward: true }, 1);
    expect(await open().put(SMALL, quiet)).toMatchObject({ sha256: SMALL.sha256 });
    await expect(open().put(outgoing('a', Buffer.from('other')), quiet)).rejects.toMatchObject({
      code: 'DESTINATION_OCCUPIED',
    });
  });

  it('says of the whole that it is something else: not believed', async () => {
    misbehave(isPut, { kind: 'headers', set: { 'x-amz-checksum-sha256': 'AAAA' } });
    await expect(open().put(SMALL, quiet)).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
    misbehave(isHead, { kind: 'headers', set: { 'x-amz-meta-exhibit-sha256': 'f'.repeat(64) } });
    await expect(open().put(outgoing('b/a', Buffer.from('x')), quiet)).rejects.toMatchObject({
      code: 'DESTINATION_MISMATCH',
    });
  });

  it('puts other parts together than were sent: not believed', async () => {
    const change = (body: Buffer): Buffer =>
      Buffer.from(body.toString().replace('</ETag>', '</ETag><ChecksumSHA256>AAAA-4</ChecksumSHA256>'));
    misbehave(isComplete, { kind: 'body', change });
    await expect(open().put(FILE, quiet)).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
  });

  describe('gone on with', () => {
    beforeEach(async () => {
      misbehave(isPart(4), { kind: 'answer', status: 403, code: 'AccessDenied' });
      await expect(open().put(FILE, quiet)).rejects.toMatchObject({ code: 'DESTINATION_DENIED' });
      proxy.decide = () => null;
      proxy.asked.length = 0;
    });

    const listing = (replace: (text: string) => string): void => {
      misbehave(isListParts, { kind: 'body', change: (body) => Buffer.from(replace(body.toString())) });
    };

    it('sends a part again whose checksum in the store is another', async () => {
      listing((text) => text.replace('<PartNumber>1<', '<ChecksumSHA256>AAAA</ChecksumSHA256><PartNumber>1<'));
      await open().put(FILE, quiet);
      expect([1, 2, 3, 4].filter((number) => proxy.asked.some(isPart(number)))).toEqual([1, 4]);
      await expectStored(open());
    });

    it('believes a checksum of the store, without any memory of its own', async () => {
      const checksums = [0, 1, 2].map((part) =>
        Buffer.from(outgoing('', BYTES.subarray(part * 5 * MIB, (part + 1) * 5 * MIB)).sha256, 'hex').toString(
          'base64',
        ),
      );
      listing((text) =>
        text.replace(
          /<PartNumber>(\d)</g,
          (_, number: string) =>
            `<ChecksumSHA256>${checksums[Number(number) - 1] ?? ''}</ChecksumSHA256><PartNumber>${number}<`,
        ),
      );
      const journal = createUploadJournal(uploads);
      const forgetful = { ...journal, load: async (location: string) => forget(await journal.load(location)) };
      await open({ journal: forgetful }).put(FILE, quiet);
      expect(sentParts()).toBe(1);
      await expectStored(open());
    });

    it('sends a part again whose size or ETag in the store is another, and one that is gone', async () => {
      listing((text) =>
        text
          .replace(/(<PartNumber>1<.*?<Size>)\d+/s, '$15242879')
          .replace(/(<PartNumber>2<.*?<ETag>)[^<]+/s, '$1&quot;0&quot;')
          .replace('<PartNumber>3<', '<PartNumber>33<'),
      );
      await open().put(FILE, quiet);
      expect(sentParts()).toBe(4);
      await expectStored(open());
    });

    it('begins anew when somebody removed the upload', async () => {
      expect(await open({ journal: createUploadJournal(join(uploads, '../others')) }).abandon('a')).toBe(1);
      await open().put(FILE, quiet);
      expect(sentParts()).toBe(4);
      await expectStored(open());
    });

    it('begins anew with other bytes, another lock or parts of another size, and removes its own remains', async () => {
      const other = outgoing('a', Buffer.from(BYTES.map((byte) => byte ^ 1)));
      misbehave(isPart(4), { kind: 'answer', status: 403, code: 'AccessDenied' });
      await expect(open().put(other, quiet)).rejects.toMatchObject({ code: 'DESTINATION_DENIED' });
      expect(await bucket.contents()).toEqual(['a (unfinished)']);
      await expect(open().put(other, { ...quiet, lock: { retention: null, legalHold: true } })).rejects.toMatchObject({
        code: 'DESTINATION_DENIED',
      });
      expect(await bucket.contents()).toEqual(['a (unfinished)']);
      proxy.decide = () => null;
      await open({ partBytes: 6 * MIB }).put(other, quiet);
      expect(await bucket.contents()).toEqual(['a']);
    });

    it('is removed on request, with all memory of it', async () => {
      expect(await open().abandon('a')).toBe(1);
      expect(await bucket.contents()).toEqual([]);
      expect(readdirSync(uploads)).toEqual([]);
      expect(await open().abandon('a')).toBe(0);
    });
  });

  describe('when it is read', () => {
    beforeEach(async () => {
      await open().put(FILE, quiet);
    });

    const read = async (options: Partial<S3DestinationOptions> = {}): Promise<Buffer> => {
      const destination = open(options);
      const stored = await destination.find('a');
      return await bytesOf(destination.read(stored!));
    };

    it.each<readonly [string, Misdeed]>([
      ['cut off', { kind: 'truncate', afterBytes: 7 * MIB }],
      ['silent', { kind: 'silence', afterBytes: 7 * MIB }],
      ['silent after its head', { kind: 'silence', afterBytes: 0 }],
      ['cut off before its head', { kind: 'cut' }],
    ])('goes on where an answer was %s', async (_, misdeed) => {
      misbehave(isGet, misdeed, 1);
      expect((await read({ idleTimeoutMs: 3000 })).equals(BYTES)).toBe(true);
      expect(proxy.asked.filter(isGet)).toHaveLength(2);
    });

    it('ends when answers are cut off at the same byte again and again', async () => {
      misbehave(isGet, { kind: 'truncate', afterBytes: 0 });
      await expect(read()).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
    });

    it('refuses an answer of another length, and one of another object', async () => {
      misbehave(isGet, { kind: 'body', change: (body) => Buffer.concat([body, Buffer.from('!')]) });
      await expect(read()).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
      misbehave(isGet, { kind: 'body', change: (body) => body.subarray(1) });
      await expect(read()).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
      misbehave(isGet, { kind: 'answer', status: 412, code: 'PreconditionFailed' });
      await expect(read()).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
    });
  });

  it('that does not exist is told from one that may not be asked about', async () => {
    misbehave(({ method, url }) => method === 'HEAD' && !url.includes('/a'), { kind: 'answer', status: 403 });
    await open().prepare(NO_LOCK);
    misbehave(() => true, { kind: 'answer', status: 404, code: 'NoSuchBucket' });
    await expect(open().put(SMALL, quiet)).rejects.toMatchObject({ code: 'DESTINATION_INVALID', exitCode: 2 });
  });
});

type Loaded = Awaited<ReturnType<ReturnType<typeof createUploadJournal>['load']>>;

/** An upload whose parts this machine knows nothing of. */
function forget(loaded: Loaded): Loaded {
  return loaded === null ? null : { ...loaded, parts: [] };
}
