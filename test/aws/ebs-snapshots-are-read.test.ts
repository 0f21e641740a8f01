import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompleteSnapshotCommand, EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { CreateSnapshotCommand, CreateVolumeCommand, EC2Client } from '@aws-sdk/client-ec2';
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import type { SnapshotRecord } from '../../src/model/external.js';
import { User } from '../e2e/exhibit.js';
import { BLOCK, FakeEbs, imageOf, sha256Of, THROTTLED } from './fake-ebs.js';
import { FaultProxy } from './fault-proxy.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const SNAPSHOT = 'snap-0123456789abcdef0';
const OTHER = 'snap-0fedcba9876543210';

/** What an exhibit says of a snapshot that it was told of, or made. */
function lookAt(id: string): SnapshotRecord {
  return {
    ...{ kind: 'snapshot', observedAt: '2026-01-02T03:04:05.678Z', cloud: 'aws', account: '111122223333' },
    ...{ region: 'eu-central-1', id, arn: `arn:aws:ec2:eu-central-1::snapshot/${id}`, copyOf: null },
    ...{
      volume: 'vol-0abc',
      node: null,
      instance: null,
      deviceName: null,
      claim: null,
      attempt: 'a',
      sizeBytes: 2 ** 30,
    },
    ...{ isEncrypted: false, kmsKeyId: null, tags: [], state: 'completed', stateDetail: null, progress: '100%' },
    ...{ startedAt: null, completedAt: null, sharedWith: [], requestIds: [] },
    lock: { mode: 'none', state: '', until: null },
  };
}

function caseFolder(user: User): string {
  const cases = join(user.home, 'cases');
  return join(
    cases,
    readdirSync(cases).find((name) => existsSync(join(cases, name, 'case.json')))!,
  );
}

/** A payload file of the open exhibit. */
function payload(user: User, path: string): string {
  const exhibits = join(caseFolder(user), 'exhibits');
  return readFileSync(join(exhibits, readdirSync(exhibits)[0]!, path), 'utf8');
}

function sha256OfFile(path: string): string {
  return execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
}

describe('a snapshot is read by the program', () => {
  let user: User;
  let ebs: FakeEbs;
  let file: string;
  const image = imageOf([0, 1, 5, 400, 401, 402, ...Array.from({ length: 200 }, (_, index) => 1000 + index), 2047]);
  const imageSha256 = sha256Of(image);

  beforeEach(async () => {
    user = new User();
    file = join(user.directory, 'root.img');
    ebs = new FakeEbs();
    Object.assign(user.environment, FAKE_ACCOUNT, { AWS_ENDPOINT_URL: await ebs.start() });
    ebs.snapshots.set(SNAPSHOT, image);
    ebs.snapshots.set(OTHER, imageOf([3]));
    expect((await user.run('case', 'open', '--reason', 'test', '--reference', 'r')).exitCode).toBe(0);
  });
  afterEach(async () => {
    await ebs.stop();
    user.remove();
  });

  it('goes on with an image after a kill -9, keeps its holes, and replaces nothing', async () => {
    ebs.decide = ({ kind, index }) => {
      // 128 blocks are a group that is entered into the journal; the later ones die with the process.
      if (kind === 'block' && index >= 1190) {
        child.kill('SIGKILL');
        return { kind: 'silence', afterBytes: 0 };
      }
      return null;
    };
    const child = user.start('snapshot', 'export', SNAPSHOT, '--to', file);
    expect((await child).signal).toBe('SIGKILL');
    expect(existsSync(file)).toBe(false);
    const journal = readFileSync(`${file}.partial.jsonl`, 'utf8').trimEnd().split('\n');
    const entered = journal.length - 1;
    expect(entered).toBeGreaterThanOrEqual(128);

    // What the journal says is not believed: a block that was damaged on the disk is fetched again, and all behind it.
    const damaged = JSON.parse(journal[100]!) as { index: number };
    execFileSync(
      'dd',
      ['if=/dev/zero', `of=${file}.partial`, 'bs=1', 'count=1', 'conv=notrunc', `seek=${damaged.index * BLOCK}`],
      { stdio: 'ignore' },
    );
    ebs.decide = () => null;
    ebs.asked.length = 0;
    const ended = await user.json('snapshot', 'export', SNAPSHOT, '--to', file);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(documentSchemaOf('snapshot:export').safeParse(ended.document).error).toBeUndefined();
    expect(ended.document).toMatchObject({ imageSha256, keptBlocks: 99, blocks: image.blocks.size, exportedTo: file });
    expect(ebs.count('block')).toBe(image.blocks.size - 99);
    expect(sha256OfFile(file)).toBe(imageSha256);
    const { size, blocks: sectors } = statSync(file);
    expect(size).toBe(2 ** 30);
    expect(sectors * 512).toBeLessThan(2 * image.blocks.size * BLOCK);
    expect(readdirSync(user.directory).filter((name) => name.includes('partial'))).toEqual([]);
    const again = await user.run('snapshot', 'export', SNAPSHOT, '--to', file);
    expect(again.stderr).toContain('DESTINATION_OCCUPIED');
    expect(sha256OfFile(file)).toBe(imageSha256);
  });

  it('is hashed to the same digest while the service asks to slow down, each call in the log', async () => {
    ebs.decide = ({ kind, index, before }) => (kind === 'block' && index % 3 === 0 && before === 0 ? THROTTLED : null);
    ebs.asked.length = 0;
    const ended = await user.json('snapshot', 'hash', SNAPSHOT);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const { manifest, counts } = ended.document as { manifest: { path: string; sha256: string }; counts: object };
    expect(ended.document).toMatchObject({ imageSha256, exportedTo: null });
    expect(counts).toMatchObject({ throttled: ebs.asked.filter(({ index }) => index % 3 === 0).length / 2 });
    const lines = payload(user, manifest.path).trimEnd().split('\n');
    expect(lines).toHaveLength(image.blocks.size + 2);
    expect(createHash('sha256').update(payload(user, manifest.path)).digest('hex')).toBe(manifest.sha256);
    for (const line of lines.slice(1, -1)) {
      const { index, sha256 } = JSON.parse(line) as { index: number; sha256: string };
      expect(createHash('sha256').update(image.blocks.get(index)!).digest('hex')).toBe(sha256);
    }
    const log = payload(user, 'requests.spool.jsonl').split('\n');
    expect(log.filter((line) => line.includes('/blocks/1003') && line.includes('"url"')).length).toBeGreaterThanOrEqual(
      2,
    );
    expect(log.join('')).not.toContain('blockToken');
  });

  it('says by ranges what changed, by the service and by manifests alike', async () => {
    const blocks = new Map([...image.blocks].filter(([index]) => index !== 5));
    blocks.set(401, Buffer.alloc(BLOCK, 'other')).set(2000, Buffer.alloc(BLOCK, 'new'));
    const second = OTHER;
    ebs.decide = () => null;
    ebs.snapshots.set(second, { gib: 1, blocks: new Map([...blocks].sort(([a], [b]) => a - b)) });
    const byService = await user.json('snapshot', 'diff', SNAPSHOT, second);
    expect(byService.exitCode, byService.stderr).toBe(0);
    expect(documentSchemaOf('snapshot:diff').safeParse(byService.document).error).toBeUndefined();
    const ranges = [
      { change: 'dropped', firstBlock: 5, blocks: 1, offset: 5 * BLOCK, sizeBytes: BLOCK },
      { change: 'changed', firstBlock: 401, blocks: 1, offset: 401 * BLOCK, sizeBytes: BLOCK },
      { change: 'written', firstBlock: 2000, blocks: 1, offset: 2000 * BLOCK, sizeBytes: BLOCK },
    ];
    expect(byService.document).toMatchObject({ by: 'platform', rangesTotal: 3, ranges });

    const manifests: string[] = [];
    for (const snapshot of [SNAPSHOT, second]) {
      const { document } = await user.json('snapshot', 'hash', snapshot);
      manifests.push(join(user.directory, `${snapshot}.jsonl`));
      writeFileSync(manifests.at(-1)!, payload(user, (document as { manifest: { path: string } }).manifest.path));
    }
    const asked = ebs.asked.length;
    const byManifests = await user.json('snapshot', 'diff', ...manifests);
    expect(byManifests.document).toMatchObject({ by: 'manifests', rangesTotal: 3, ranges });
    expect(ebs.asked).toHaveLength(asked);
    const { stdout } = await user.run('snapshot', 'diff', SNAPSHOT, second);
    expect(stdout).toMatch(/^dropped +2621440 +524288 +5 +1$/m);
  });

  it('may be hashed twice into one exhibit, and what failed is a gap of what is sealed', async () => {
    for (const folder of [SNAPSHOT, `${SNAPSHOT}-2`])
      expect((await user.json('snapshot', 'hash', SNAPSHOT)).document).toMatchObject({
        record: { path: `data/cloud/snapshots/${folder}/image.json` },
      });
    expect(payload(user, 'external.jsonl')).toBe('');
    expect((await user.run('key', 'new')).exitCode).toBe(0);
    const missing = await user.run('snapshot', 'hash', 'snap-00000000');
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain('PLATFORM_UNSUITABLE');
    const sealed = await user.json('seal', '--yes');
    expect(sealed.exitCode, sealed.stderr).toBe(3);
    const archive = (sealed.document as { archivePath: string }).archivePath;
    const verified = await user.json('verify', archive);
    expect(verified.document, verified.stderr).toMatchObject({ verdict: 'VERIFIED_PARTIAL' });
  });

  it('stands, with its digest, beside what the exhibit says of what stays outside', async () => {
    expect((await user.run('snapshot', 'hash', OTHER)).exitCode).toBe(0);
    const looks = [lookAt(OTHER), { ...lookAt(SNAPSHOT), state: 'pending' }, lookAt(SNAPSHOT)];
    const exhibits = join(caseFolder(user), 'exhibits');
    const lines = looks.map((look) => `${JSON.stringify(look)}\n`).join('');
    writeFileSync(join(exhibits, readdirSync(exhibits)[0]!, 'external.jsonl'), lines);
    const { document } = await user.json('snapshot', 'hash', SNAPSHOT);
    const { manifest, hashStartedAt, hashEndedAt } = document as Record<'hashStartedAt' | 'hashEndedAt', string> & {
      manifest: { path: string; sha256: string };
    };
    const [added = '', ...more] = payload(user, 'external.jsonl').slice(lines.length).trimEnd().split('\n');
    expect(more).toEqual([]);
    expect(JSON.parse(added)).toEqual({
      ...lookAt(SNAPSHOT),
      blocks: {
        ...{ imageSha256, imageBytes: 2 ** 30, manifestSha256: manifest.sha256, manifestPath: manifest.path },
        ...{ hashedFromAt: hashStartedAt, hashedToAt: hashEndedAt },
      },
    });
    expect((await user.run('key', 'new')).exitCode).toBe(0);
    const sealed = await user.json('seal', '--yes');
    const { archivePath } = sealed.document as { archivePath: string };
    const verified = await user.json('verify', archivePath);
    expect(verified.document, verified.stderr).toMatchObject({ verdict: expect.stringMatching(/^VERIFIED/) as string });
  });
});

describe.skipIf(!hasMoto)(`a snapshot of moto is read by the program${needsMoto}`, () => {
  let moto: Moto;
  let proxy: FaultProxy;
  let user: User;

  beforeAll(async () => {
    moto = await startMoto();
    proxy = new FaultProxy(moto.endpoint);
    // moto says 512 where AWS says 524,288.
    proxy.decide = ({ method, url }) =>
      method === 'GET' && /\/(changed)?blocks(\?|$)/.test(url)
        ? {
            kind: 'body',
            change: (body) => Buffer.from(body.toString().replace(/("BlockSize": ?)512\b/, `$1${BLOCK}`)),
          }
        : null;
  });
  afterAll(async () => {
    await proxy.stop();
    await moto.stop();
  });
  beforeEach(() => {
    user = new User();
  });
  afterEach(() => user.remove());

  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };

  it('to the digest of the image, and with the time at which it was taken', async () => {
    const client = new EBSClient({ endpoint: moto.endpoint, region: 'eu-central-1', credentials });
    const { SnapshotId: id = '' } = await client.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    const image = imageOf([0, 3, 2047]);
    for (const [index, bytes] of image.blocks)
      await client.send(
        new PutSnapshotBlockCommand({
          ...{ SnapshotId: id, BlockIndex: index, BlockData: bytes, DataLength: BLOCK, ChecksumAlgorithm: 'SHA256' },
          Checksum: createHash('sha256').update(bytes).digest('base64'),
        }),
      );
    await client.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: image.blocks.size }));
    Object.assign(user.environment, FAKE_ACCOUNT, { AWS_ENDPOINT_URL: await proxy.start() });
    const ended = await user.json('snapshot', 'hash', id);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.document).toMatchObject({ imageSha256: sha256Of(image), blocks: 3, facts: { unknownBecause: null } });
    expect((ended.document as { facts: { takenAt: string } }).facts.takenAt).toMatch(/^20\d\d-/);
    // The case did not make it, and yet it stays outside.
    expect(JSON.parse(payload(user, 'external.jsonl'))).toMatchObject({
      ...{ kind: 'snapshot', id, state: 'completed', attempt: '', blocks: { imageSha256: sha256Of(image) } },
    });
    expect((await user.run('key', 'new')).exitCode).toBe(0);
    const sealed = await user.json('seal', '--yes');
    const shown = await user.run('show', String(sealed.document['archivePath']));
    expect(shown.stdout).toContain(`${id}: SHA-256 of its image ${sha256Of(image)}`);
  });

  it('or refused with a code where moto holds no blocks', async () => {
    const ec2 = new EC2Client({ endpoint: moto.endpoint, region: 'eu-central-1', credentials });
    const volume = await ec2.send(new CreateVolumeCommand({ Size: 1, AvailabilityZone: 'eu-central-1a' }));
    const { SnapshotId: id = '' } = await ec2.send(new CreateSnapshotCommand({ VolumeId: volume.VolumeId }));
    Object.assign(user.environment, FAKE_ACCOUNT, { AWS_ENDPOINT_URL: moto.endpoint });
    const ended = await user.run('snapshot', 'hash', id);
    expect(ended.exitCode).toBe(20);
    expect(ended.stderr).toContain('PLATFORM_UNREACHABLE');
  });
});
