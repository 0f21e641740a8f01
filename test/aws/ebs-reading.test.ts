import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { blocksInOrder } from '../../src/evidence/block-image/blocks-in-order.js';
import { hashImage } from '../../src/evidence/block-image/hash-image.js';
import { systemClock } from '../../src/lib/clock.js';
import { ExhibitError } from '../../src/model/errors.js';
import type { EbsSettings } from '../../src/platforms/aws/ebs/ebs-access.js';
import { createEbsBlocks } from '../../src/platforms/aws/ebs/ebs-blocks.js';
import type { BlockPlatform, BlockSource, ChangedBlock } from '../../src/ports/block-source.js';
import {
  type AskedOfEbs,
  BLOCK,
  FakeEbs,
  type FakeSnapshot,
  imageOf,
  type Lie,
  sha256Of,
  THROTTLED,
} from './fake-ebs.js';
import { FAKE_ACCOUNT } from './moto.js';

const SNAPSHOT = 'snap-0123456789abcdef0';
const OTHER = 'snap-0fedcba9876543210';

describe('blocks of a snapshot, read from a service that may lie', () => {
  let ebs: FakeEbs;
  let endpoint: string;
  let opened: BlockPlatform[] = [];

  beforeEach(async () => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    ebs = new FakeEbs();
    endpoint = await ebs.start();
  });
  afterEach(async () => {
    for (const platform of opened) platform.close();
    opened = [];
    vi.unstubAllEnvs();
    await ebs.stop();
  });

  const open = async (options: Partial<EbsSettings> = {}): Promise<BlockPlatform> => {
    const platform = await createEbsBlocks({
      ...{ endpoint, variables: FAKE_ACCOUNT, clock: systemClock, signal: new AbortController().signal },
      ...{ maxPerSecond: 100_000, pause: async () => undefined, ...options },
    });
    opened.push(platform);
    return platform;
  };

  const hashed = async (source: BlockSource, signal = new AbortController().signal) => {
    let manifest = '';
    const writeManifest = (text: string): void => void (manifest += text);
    const image = await hashImage({ source, file: null, signal, onProgress: () => undefined, writeManifest });
    return { image, manifest: manifest.split('\n') };
  };
  const hashOf = async (options: Partial<EbsSettings> = {}) => await hashed((await open(options)).source(SNAPSHOT));
  /** What arrives: index and digest. */
  const blocksOf = async (options: Partial<EbsSettings> = {}): Promise<string[]> => {
    const source = (await open(options)).source(SNAPSHOT);
    const blocks: string[] = [];
    for await (const { index, bytes, sha256 } of blocksInOrder(source, source.list(0))) {
      expect(sha256).toBe(digestOf(bytes));
      blocks.push(`${index} ${sha256}`);
    }
    return blocks;
  };
  const lieTo = (kind: AskedOfEbs['kind'], lie: Lie, times = Infinity): void => {
    ebs.decide = (asked) => (asked.kind === kind && asked.before < times ? lie : null);
  };
  const codeOf = async (work: Promise<unknown>): Promise<ExhibitError> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ExhibitError);
    return error as ExhibitError;
  };

  it('hashes the whole image in order, what is not listed being zeros, and names each block', async () => {
    const image = imageOf([0, 1, 7, 300, 2047]);
    ebs.snapshots.set(SNAPSHOT, image);
    const got = await hashOf();
    expect(got.image).toEqual({
      ...{ sizeBytes: 2 ** 30, blockBytes: BLOCK, blocks: 5, keptBlocks: 0 },
      imageSha256: sha256Of(image),
    });
    expect(JSON.parse(got.manifest[0]!)).toMatchObject({ source: `aws:eu-central-1:${SNAPSHOT}`, sizeBytes: 2 ** 30 });
    expect(got.manifest.slice(1, 6).map((line) => JSON.parse(line) as unknown)).toEqual(
      [...image.blocks].map(([index, bytes]) => ({ index, sha256: digestOf(bytes) })),
    );
    expect(JSON.parse(got.manifest[6]!)).toEqual({ blocks: 5, imageSha256: got.image.imageSha256 });
  });

  it('hashes an image without a block', async () => {
    ebs.snapshots.set(SNAPSHOT, imageOf([]));
    expect((await hashOf()).image.imageSha256).toBe(sha256Of(imageOf([])));
  });

  it('follows pages, empty ones too', async () => {
    const image = imageOf([3, 4, 5, 6, 9]);
    ebs.snapshots.set(SNAPSHOT, image);
    ebs.pageBlocks = 2;
    ebs.decide = ({ kind, before }) =>
      kind === 'list' && before === 0 ? { kind: 'list', answer: { Blocks: [], NextToken: '1-0' } } : null;
    expect(await blocksOf()).toEqual(truthOf(image));
    expect(ebs.count('list')).toBe(4);
  });

  it('reads in parallel', async () => {
    ebs.snapshots.set(SNAPSHOT, imageOf([...Array(32).keys()]));
    ebs.together = 16;
    expect(await blocksOf()).toHaveLength(32);
  });

  describe.each<[string, AskedOfEbs['kind'], Lie]>([
    ['asks to slow down', 'block', THROTTLED],
    ['asks to slow down with 429', 'block', { kind: 'error', status: 429, name: 'ThrottlingException' }],
    ['has too many at once', 'block', { kind: 'error', status: 400, name: 'ConcurrentLimitExceededException' }],
    ['asks to slow down while it lists', 'list', THROTTLED],
    ['answers with a page of HTML', 'block', { kind: 'html', status: 500 }],
    ['lists with a page of HTML', 'list', { kind: 'html', status: 503 }],
    ['cuts a block', 'block', { kind: 'cut', afterBytes: 100_000 }],
    ['sends a wrong block', 'block', { kind: 'block', bytes: Buffer.alloc(BLOCK, 'x') }],
    ['sends a short block', 'block', { kind: 'block', bytes: Buffer.alloc(1000) }],
    ['sends a long block', 'block', { kind: 'block', bytes: Buffer.alloc(BLOCK + 1) }],
    ['states another length', 'block', { kind: 'block', headers: { 'x-amz-data-length': '1' } }],
    ['states no checksum', 'block', { kind: 'block', headers: { 'x-amz-checksum': '' } }],
    ['states another kind of checksum', 'block', { kind: 'block', headers: { 'x-amz-checksum-algorithm': 'CRC32' } }],
  ])('a service that %s', (_name, kind, lie) => {
    it('twice is asked again, and nothing is lost', async () => {
      const image = imageOf([0, 1, 2, 50]);
      ebs.snapshots.set(SNAPSHOT, image);
      lieTo(kind, lie, 2);
      expect(await blocksOf()).toEqual(truthOf(image));
    });

    it('for ever ends it with a typed error, after a bounded number of requests', async () => {
      ebs.snapshots.set(SNAPSHOT, imageOf([0]));
      lieTo(kind, lie);
      const error = await codeOf(blocksOf());
      expect(['PLATFORM_UNREACHABLE', 'PLATFORM_FAILED']).toContain(error.code);
      expect(ebs.asked.length).toBeLessThan(30);
    });
  });

  it('ends an answer that falls silent', async () => {
    const image = imageOf([5]);
    ebs.snapshots.set(SNAPSHOT, image);
    lieTo('block', { kind: 'silence', afterBytes: 10 }, 1);
    expect(await blocksOf({ idleTimeoutMs: 200 })).toEqual(truthOf(image));
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a block twice', { Blocks: [entry(1), entry(1)] }],
    ['blocks out of order', { Blocks: [entry(2), entry(1)] }],
    ['a block behind the end of the volume', { Blocks: [entry(2048)] }],
    ['a block without a number', { Blocks: [{ BlockToken: 'x' }] }],
    ['a block of a broken number', { Blocks: [entry(1.5)] }],
    ['a volume without a size', { VolumeSize: 0 }],
    ['a volume that none is as large as', { VolumeSize: 1e9 }],
    ['blocks of another size', { BlockSize: 512 }],
    ['the same empty page for ever', { Blocks: [], NextToken: '1-0' }],
  ])('refuses a list with %s', async (_name, answer) => {
    ebs.snapshots.set(SNAPSHOT, imageOf([0]));
    lieTo('list', { kind: 'list', answer });
    expect(await codeOf(blocksOf())).toMatchObject({ code: 'PLATFORM_FAILED', subject: SNAPSHOT });
    expect(ebs.count('list')).toBeLessThan(4);
  });

  it('refuses empty pages that never end, each with another token', async () => {
    ebs.snapshots.set(SNAPSHOT, imageOf([0]));
    ebs.decide = ({ kind, before }) =>
      kind === 'list' ? { kind: 'list', answer: { Blocks: [], NextToken: `1-${before + 10}` } } : null;
    expect(await codeOf(blocksOf())).toMatchObject({ code: 'PLATFORM_FAILED' });
    expect(ebs.count('list')).toBeLessThan(1100);
  });

  it('refuses a volume that has another size on the next page', async () => {
    ebs.snapshots.set(SNAPSHOT, imageOf([0, 1]));
    ebs.pageBlocks = 1;
    ebs.decide = ({ kind, before }) =>
      kind === 'list' && before === 1 ? { kind: 'list', answer: { VolumeSize: 2 } } : null;
    expect(await codeOf(blocksOf())).toMatchObject({ code: 'PLATFORM_FAILED' });
  });

  it('gets new tokens when those of blocks and pages have expired', async () => {
    const image = imageOf([...Array(400).keys()]);
    ebs.snapshots.set(SNAPSHOT, image);
    ebs.pageBlocks = 150;
    ebs.decide = ({ kind, index, before }) => {
      if (kind === 'block' && index === 100 && before === 0) ebs.era = 2;
      return null;
    };
    expect(await blocksOf()).toEqual(truthOf(image));
    expect(ebs.asked.filter(({ url }) => url.searchParams.has('startingBlockIndex')).length).toBeGreaterThan(0);
  });

  it('does not renew a token for ever', async () => {
    ebs.snapshots.set(SNAPSHOT, imageOf([0]));
    lieTo('block', { kind: 'error', status: 400, name: 'ValidationException', reason: 'INVALID_BLOCK_TOKEN' });
    expect(await codeOf(blocksOf())).toMatchObject({ code: 'PLATFORM_FAILED' });
    expect(ebs.asked.length).toBeLessThan(20);
  });

  it.each([
    ['AccessDeniedException', 403, 'UNAUTHORIZED_ACCOUNT', 'PLATFORM_DENIED'],
    ['ResourceNotFoundException', 404, 'SNAPSHOT_NOT_FOUND', 'PLATFORM_UNSUITABLE'],
    ['ValidationException', 400, 'INVALID_SNAPSHOT_ID', 'PLATFORM_UNSUITABLE'],
    ['ExpiredTokenException', 403, '', 'PLATFORM_UNAUTHENTICATED'],
    ['ValidationException', 400, 'INVALID_PARAMETER_VALUE', 'PLATFORM_FAILED'],
  ])('ends at once with %s %i %s', async (name, status, reason, code) => {
    lieTo('list', { kind: 'error', status, name, reason });
    expect(await codeOf(blocksOf())).toMatchObject({ code, subject: SNAPSHOT });
    expect(ebs.asked).toHaveLength(1);
  });

  it('asks nothing for what is no id', async () => {
    const platform = await open();
    expect(() => platform.source('../../etc')).toThrow(expect.objectContaining({ code: 'PLATFORM_UNSUITABLE' }));
  });

  it('stops when it is interrupted, with the reason of who interrupts', async () => {
    const stop = new AbortController();
    ebs.snapshots.set(SNAPSHOT, imageOf([...Array(200).keys()]));
    ebs.decide = ({ index }) => {
      if (index === 20) stop.abort(new ExhibitError('INTERRUPTED', 'by the test'));
      return null;
    };
    const source = (await open({ signal: stop.signal })).source(SNAPSHOT);
    expect(await codeOf(hashed(source, stop.signal))).toMatchObject({ code: 'INTERRUPTED', message: 'by the test' });
  });

  describe('what changed between two snapshots', () => {
    const changedBlocks = async (): Promise<ChangedBlock[]> => {
      const blocks: ChangedBlock[] = [];
      for await (const page of (await open()).changed(OTHER, SNAPSHOT)) blocks.push(...page.blocks);
      return blocks;
    };

    it('comes in pages, with who holds what', async () => {
      const first = imageOf([1, 2, 3, 8]);
      const second = imageOf([1, 2, 3, 9]).blocks as Map<number, Buffer>;
      second.set(2, Buffer.alloc(BLOCK, 'other'));
      ebs.snapshots.set(OTHER, first);
      ebs.snapshots.set(SNAPSHOT, { gib: 1, blocks: second });
      ebs.pageBlocks = 1;
      expect(await changedBlocks()).toEqual([
        { index: 2, inFirst: true, inSecond: true },
        { index: 8, inFirst: true, inSecond: false },
        { index: 9, inFirst: false, inSecond: true },
      ]);
      expect(ebs.count('changed')).toBe(3);
    });

    it('is not to be had of two volumes', async () => {
      lieTo('changed', { kind: 'error', status: 400, name: 'ValidationException', reason: 'UNRELATED_SNAPSHOTS' });
      const error = await codeOf(changedBlocks());
      expect(error.code).toBe('PLATFORM_UNSUITABLE');
      expect(error.hints.join('\n')).toContain('exhibit snapshot diff');
    });
  });
});

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function truthOf({ blocks }: FakeSnapshot): string[] {
  return [...blocks].map(([index, bytes]) => `${index} ${digestOf(bytes)}`);
}

function entry(index: number) {
  return { BlockIndex: index, BlockToken: `1-block-${index}` };
}
