import {
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { User } from '../e2e/exhibit.js';
import { readArchiveFile } from '../fakes/read-archive-file.js';
import { FaultProxy } from './fault-proxy.js';
import { type BareClients, bareClients, type Machine, makeMachine, REGION } from './machine.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';
import { NodeApi } from './node-api.js';

interface Told {
  readonly record: Readonly<Record<string, unknown>>;
  readonly how: string;
}

const taking = (body: Buffer): boolean => body.toString().startsWith('Action=CreateSnapshots&');

describe.skipIf(!hasMoto)(`snapshots by the built program${needsMoto}`, () => {
  let moto: Moto;
  let bare: BareClients;
  let proxy: FaultProxy;
  let endpoint: string;
  let machine: Machine;
  let user: User;
  let api: NodeApi;

  beforeAll(async () => {
    moto = await startMoto();
    bare = bareClients(moto.endpoint);
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    machine = await makeMachine(bare);
    proxy = new FaultProxy(moto.endpoint);
    endpoint = await proxy.start();
    user = new User();
    Object.assign(user.environment, FAKE_ACCOUNT, { AWS_ENDPOINT_URL: endpoint });
    api = await new NodeApi(user.directory).start();
    api.node({ ...machine.node, node: 'worker' });
    await user.run('key', 'new', '--principal', 'ann@example.org');
  });
  afterEach(async () => {
    await api.stop();
    await proxy.stop();
    user.remove();
  });

  const take = (...args: string[]) =>
    user.json('snapshot', 'node', 'worker', '--kubeconfig', api.kubeconfig, '--yes', ...args);
  const ours = async (): Promise<readonly Snapshot[]> => {
    const Filters = [{ Name: 'tag-key', Values: ['kubexhibit.dev/attempt'] }];
    const { Snapshots = [] } = await bare.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
    const volumes = await volumesOf();
    return Snapshots.filter(({ VolumeId = '' }) => volumes.includes(VolumeId));
  };
  /** The root volume, and the other one. */
  const volumesOf = async (): Promise<readonly [string, string]> => {
    const Filters = [{ Name: 'attachment.instance-id', Values: [machine.instanceId] }];
    const { Volumes = [] } = await bare.ec2.send(new DescribeVolumesCommand({ Filters }));
    const [root = '', other = ''] = Volumes.sort((a, b) => (a.Size ?? 0) - (b.Size ?? 0)).map(({ VolumeId: id }) => id);
    return [root, other];
  };
  const snapshotsIn = (document: Readonly<Record<string, unknown>>) => document['snapshots'] as readonly Told[];
  const sealed = async () => {
    const { document } = await user.json('seal');
    const archive = String(document['archivePath']);
    const lines = readArchiveFile(archive, 'meta/external.jsonl').toString().split('\n').filter(Boolean);
    return { archive, records: lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>) };
  };

  it('takes all disks in one call, tagged, once for a case, and seals what stays outside; the archive verifies', async () => {
    const volumes = await volumesOf();
    api.claims({ 'shop/cart-data': volumes[1] });
    const planned = await take('--dry-run');
    expect(planned).toMatchObject({
      exitCode: 0,
      document: { requests: ['1 x ec2:CreateSnapshots', expect.anything()], refused: [], sizeBytes: 70 * 1024 ** 3 },
    });
    expect(await ours()).toEqual([]);
    const first = await take();
    expect(first).toMatchObject({ exitCode: 0, document: { verdict: 'completed', failures: [] } });
    expect((first.document['gaps'] as string[]).join()).toContain('instance store');
    expect(snapshotsIn(first.document).map(({ how }) => how)).toEqual(['made', 'made']);
    const attempts = new Set(snapshotsIn(first.document).map(({ record }) => record['attempt']));
    expect(attempts.size).toBe(1);
    const made = await ours();
    expect(made.map(({ VolumeId }) => VolumeId).sort()).toEqual([...volumes].sort());
    const caseId = String(first.document['case']);
    for (const { Tags = [] } of made)
      expect(Tags).toEqual(expect.arrayContaining([{ Key: 'kubexhibit.dev/case', Value: caseId }]));
    const again = await take();
    expect(snapshotsIn(again.document).map(({ how }) => how)).toEqual(['found', 'found']);
    expect(await ours()).toHaveLength(2);
    expect(proxy.asked.filter(({ body }) => taking(body) && !body.includes('DryRun=true'))).toHaveLength(1);
    const { archive, records } = await sealed();
    expect(records).toHaveLength(2);
    expect(records.find(({ volume }) => volume === volumes[1])).toMatchObject({
      ...{ kind: 'snapshot', claim: 'shop/cart-data', node: 'worker', instance: machine.instanceId, region: REGION },
      ...{ state: 'completed', account: '123456789012' },
    });
    const shown = await user.run('show', archive);
    expect(shown.stdout).toContain('Outside the archive:');
    const outside = await user.json('verify', archive, '--external');
    expect(outside.exitCode).toBe(0);
    const reports = outside.document['external'] as { checks: { check: string; result: string }[] }[];
    // moto tells of no locks.
    expect(new Set(reports.flatMap(({ checks }) => checks.map(({ check, result }) => `${check} ${result}`)))).toEqual(
      new Set(['exists', 'volume', 'size', 'started', 'key', 'tags', 'state'].map((one) => `${one} passed`)).add(
        'lock unknown',
      ),
    );
    await bare.ec2.send(new DeleteSnapshotCommand({ SnapshotId: made[0]?.SnapshotId ?? '' }));
    expect(await user.json('verify', archive, '--external')).toMatchObject({ exitCode: 4 });
    const status = await user.json('snapshot', 'status');
    expect(
      snapshotsIn(status.document)
        .map(({ record }) => record['state'])
        .sort(),
    ).toEqual(['completed', 'missing']);
    expect((await sealed()).records).toMatchObject([{ state: 'missing', id: made[0]?.SnapshotId }]);
    // The instance store is a gap of the ledger.
    expect(await user.json('verify', archive)).toMatchObject({
      exitCode: 0,
      document: { verdict: 'VERIFIED_PARTIAL' },
    });
  });

  it('makes no second set when the answer is lost, whether or not the same command is given again', async () => {
    let isLost = false;
    proxy.decide = ({ body }) => {
      if (isLost || !taking(body)) return null;
      isLost = true;
      return { kind: 'answer', status: 500, forward: true };
    };
    const ended = await take();
    expect(isLost).toBe(true);
    expect(ended).toMatchObject({ exitCode: 0, document: { verdict: 'completed' } });
    expect((await take()).exitCode).toBe(0);
    expect(await ours()).toHaveLength(2);
  });

  it('finds what it made before it was killed, and makes nothing more', async () => {
    const child = user.start('snapshot', 'node', 'worker', '--kubeconfig', api.kubeconfig, '--yes');
    proxy.decide = ({ body }) => {
      if (!taking(body)) return null;
      // After EC2 has done it, and before anybody hears of it.
      setImmediate(() => child.kill('SIGKILL'));
      return { kind: 'answer', status: 500, forward: true };
    };
    expect((await child).signal).toBe('SIGKILL');
    proxy.decide = () => null;
    await expect.poll(async () => (await ours()).length).toBe(2);
    const ended = await take();
    expect(ended).toMatchObject({ exitCode: 0, document: { verdict: 'completed' } });
    expect(await ours()).toHaveLength(2);
  });

  it.each([
    ['UnauthorizedOperation', 403, 21],
    ['SnapshotLimitExceeded', 400, 21],
    ['RequestExpired', 400, 20],
  ])('says what EC2 says: %s', async (code, status, exitCode) => {
    proxy.decide = ({ body }) => (taking(body) ? { kind: 'ec2-error', status, code } : null);
    const ended = await take();
    expect(ended.exitCode).toBe(exitCode);
    expect(JSON.stringify(ended.document) + ended.stderr).toContain(exitCode === 20 ? 'aws sso login' : code);
    expect(await ours()).toHaveLength(0);
    const planned = await take('--dry-run');
    expect(planned.exitCode).toBe(exitCode);
    if (exitCode === 21)
      expect(planned.document).toMatchObject({ refused: [{ why: expect.stringContaining(code) as string }] });
    proxy.decide = () => null;
    // Nobody has to say in which region the machine is.
    delete user.environment['AWS_REGION'];
    expect((await take()).document).toMatchObject({ verdict: 'completed' });
  });

  it('leaves volumes out by their claim, and refuses a name that fits none', async () => {
    const volumes = await volumesOf();
    api.claims({ 'shop/cart-data': volumes[1] });
    const unknown = await take('--exclude-volume', 'shop/cart');
    expect(unknown).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
    const { document } = await take('--exclude-volume', '/dev/sda1');
    expect(snapshotsIn(document).map(({ record }) => record['volume'])).toEqual([volumes[1]]);
    // moto takes volumes that it is told to leave out, so that only what it is told can be looked at.
    await take('--exclude-volume', 'shop/cart-data', '--again');
    const told = new URLSearchParams(proxy.asked.findLast(({ body }) => taking(body))?.body.toString());
    expect(told.get('InstanceSpecification.ExcludeDataVolumeId.1')).toBe(volumes[1]);
    expect(told.get('InstanceSpecification.ExcludeBootVolume')).toBe('false');
  });

  it('takes the volume behind a claim, in the region that is named', async () => {
    const [, volume] = await volumesOf();
    api.claims({ 'shop/cart-data': volume });
    const pvc = (...args: string[]) =>
      user.json('snapshot', 'pvc', 'shop/cart-data', '--kubeconfig', api.kubeconfig, '--yes', ...args);
    expect(await pvc()).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
    const { document } = await pvc('--region', REGION);
    expect(snapshotsIn(document)).toMatchObject([{ record: { volume, claim: 'shop/cart-data' }, how: 'made' }]);
  });

  it('copies to another region under its tag, once, and locks nothing that moto cannot lock', async () => {
    const copied = await take('--copy-to-region', 'eu-west-1');
    expect(copied.document).toMatchObject({ verdict: 'completed' });
    const copies = snapshotsIn(copied.document).filter(({ record }) => record['copyOf'] !== null);
    expect(copies.map(({ record }) => record['region'])).toEqual(['eu-west-1', 'eu-west-1']);
    const again = await take('--copy-to-region', 'eu-west-1');
    const ids = (document: Readonly<Record<string, unknown>>) =>
      snapshotsIn(document).map(({ record }) => record['id']);
    expect(ids(again.document)).toEqual(ids(copied.document));
    // moto answers LockSnapshot with an HTML page and status 500.
    const locked = await take('--lock', 'governance', '--lock-days', '30');
    expect(locked).toMatchObject({ exitCode: 21, document: { verdict: 'failed' } });
  });

  it('asks for a copy in another account by the role there, once the snapshot is shared with it', async () => {
    const role = 'arn:aws:iam::444455556666:role/evidence';
    const made: { readonly source: string; readonly key: string }[] = [];
    proxy.decide = ({ body, authorization = '' }) => {
      const asked = new URLSearchParams(body.toString());
      if (asked.get('Action') !== 'CopySnapshot') return null;
      const key = /Credential=([A-Z0-9]+)\//i.exec(authorization)?.[1] ?? '';
      made.push({ source: asked.get('SourceSnapshotId') ?? '', key });
      // moto copies within one account alone.
      return null;
    };
    const [, volume] = await volumesOf();
    const copied = await user.json(
      ...['snapshot', 'volume', volume, '--region', REGION, '--yes', '--copy-role', role],
      ...['--kms-key', `arn:aws:kms:${REGION}:444455556666:key/0b1c`],
    );
    expect(copied).toMatchObject({ exitCode: 21, document: { verdict: 'failed' } });
    // moto's volume is under AWS's own key of no account: what it says is said.
    expect(JSON.stringify(copied.document)).toMatch(/InvalidSnapshot|account 444455556666 cannot use its key/);
    expect(proxy.asked.some(({ body }) => body.toString().includes('Action=AssumeRole'))).toBe(true);
    expect(made.every(({ key }) => key.startsWith('ASIA'))).toBe(true);
  });
});
