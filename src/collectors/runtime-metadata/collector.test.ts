import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import { openDisk } from '../../node-access/local.js';
import { collector } from './collector.js';

const FIXTURES = join(import.meta.dirname, '../../lib/containerd-store/fixtures');
const database = (name: string): Buffer => gunzipSync(readFileSync(join(FIXTURES, `containerd-1.6.20-${name}.db.gz`)));

const CONTAINERS = 'runtime-metadata/node-a/containers';
const IMAGES = 'runtime-metadata/node-a/images';
const DOCKER_ID = 'd'.repeat(64);
const STORAGE_ID = 'c'.repeat(64);

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-stores-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(path: string, content: string | Buffer): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function putContainerd(at = '/var/lib/containerd'): void {
  put(`${at}/io.containerd.metadata.v1.bolt/meta.db`, database('meta'));
  put(`${at}/io.containerd.snapshotter.v1.overlayfs/metadata.db`, database('metadata'));
}

async function collectDisk(): Promise<FakeRun> {
  const cluster = new FakeCluster(() => ({ status: 404 }));
  const { signal } = new AbortController();
  const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
  const access = openDisk({ node: 'node-a', root }, options, signal);
  return await runCollector({
    collector,
    cluster,
    targets: fakeTargets({ nodes: [fakeNode('node-a')] }),
    limits: { idleTimeoutMs: 20_000 },
    nodeAccess: async () => await access,
  });
}

type Line = Readonly<Record<string, unknown>>;

function lines(run: FakeRun, path: string): Line[] {
  return run.sink
    .at(path)
    .bytes.toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

const containersOf = (run: FakeRun): Line[] => lines(run, 'data/derived/nodes/node-a/containers.jsonl');

describe('runtime metadata of a disk', () => {
  it("copies containerd's databases whole and says of each container what it is made of", async () => {
    putContainerd();
    const run = await collectDisk();
    expect(outcomeOf(run, CONTAINERS)).toMatchObject({ outcome: 'collected', proof: { containers: 2 } });
    const folder = 'data/nodes/node-a/runtime-metadata/stores/containerd';
    const meta = run.sink.at(`${folder}/io.containerd.metadata.v1.bolt.meta.db`);
    expect(meta.bytes.equals(database('meta'))).toBe(true);
    expect(meta.draft).toMatchObject({ vantage: 'offline-disk', sensitivity: 'secret' });
    expect(meta.facts.sourceChanged).toBe(false);
    const web = containersOf(run).find(({ id }) => id === 'web');
    expect(web).toMatchObject({
      pod: { namespace: 'shop', name: 'web-0' },
      upper: '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/2/fs',
      hasTask: false,
      hasProcesses: null,
      carved: false,
    });
    expect(containersOf(run).some(({ carved }) => carved === true)).toBe(true);
    expect(lines(run, 'data/derived/nodes/node-a/images.jsonl')[0]).toMatchObject({ name: 'example.test/busybox:1' });
    // The database names blobs, and there is no content store to take them from.
    expect(outcomeOf(run, IMAGES)).toMatchObject({ outcome: 'partial', reason: 'command-failed' });
  });

  it('finds a store that the node reaches over a link, and none that lies outside of the disk', async () => {
    putContainerd('/data/containerd');
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    symlinkSync('/data/containerd', join(root, 'var/lib/containerd'));
    mkdirSync(join(root, 'var/snap/microk8s/common'), { recursive: true });
    symlinkSync(join(root, 'data'), join(root, 'var/snap/microk8s/common/var'));
    const run = await collectDisk();
    expect(containersOf(run).filter(({ carved }) => carved === false)).toHaveLength(2);
    expect(run.sink.paths().filter((path) => path.includes('microk8s'))).toStrictEqual([]);
  });

  it('reads Docker and containers/storage', async () => {
    put(
      `/var/lib/docker/containers/${DOCKER_ID}/config.v2.json`,
      JSON.stringify({
        ID: DOCKER_ID,
        Name: '/shop',
        Driver: 'overlay2',
        Created: '2026-01-01T00:00:00Z',
        Image: 'sha256:abc',
        Path: 'nginx',
        Args: ['-g'],
        Config: { Image: 'nginx:1', Env: ['KEY=secret-value'], Labels: { 'io.kubernetes.pod.name': 'p' } },
      }),
    );
    put(`/var/lib/docker/image/overlay2/layerdb/mounts/${DOCKER_ID}/mount-id`, 'abc');
    put('/var/lib/docker/overlay2/abc/lower', 'l/INIT:l/BASE');
    put('/var/lib/docker/overlay2/abc-init/link', 'INIT');
    put('/var/lib/docker/overlay2/base/link', 'BASE');
    const layers = [{ id: 'top', parent: 'low' }, { id: 'low' }];
    put('/var/lib/containers/storage/overlay-layers/layers.json', JSON.stringify(layers));
    const container = { id: STORAGE_ID, layer: 'top', image: 'img', metadata: '{"image-name":"x:1"}', created: 'then' };
    put('/var/lib/containers/storage/overlay-containers/containers.json', JSON.stringify([container]));
    const run = await collectDisk();
    expect(outcomeOf(run, CONTAINERS).outcome).toBe('collected');
    expect(containersOf(run)).toMatchObject([
      {
        runtime: 'docker',
        name: 'shop',
        upper: '/var/lib/docker/overlay2/abc/diff',
        lowers: ['/var/lib/docker/overlay2/abc-init/diff', '/var/lib/docker/overlay2/base/diff'],
        engineLowers: 1,
        spec: { args: ['nginx', '-g'], envNames: ['KEY'] },
      },
      {
        runtime: 'containers-storage',
        id: STORAGE_ID,
        image: 'x:1',
        upper: '/var/lib/containers/storage/overlay/top/diff',
        lowers: ['/var/lib/containers/storage/overlay/low/diff'],
      },
    ]);
    const derived = run.sink.at('data/derived/nodes/node-a/containers.jsonl').bytes.toString();
    expect(derived).not.toContain('secret-value');
  });

  it('is absent, with the places it looked into, where there is no runtime', async () => {
    const run = await collectDisk();
    expect(outcomeOf(run, CONTAINERS)).toMatchObject({ outcome: 'absent', reason: 'not-there' });
    expect(outcomeOf(run, IMAGES)).toMatchObject({ outcome: 'absent' });
    expect(run.sink.paths()).toStrictEqual([]);
  });

  it('keeps a database that is none, and says so', async () => {
    putContainerd();
    put('/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db', Buffer.alloc(65_536, 0x41));
    const run = await collectDisk();
    expect(outcomeOf(run, CONTAINERS)).toMatchObject({ outcome: 'partial', reason: 'database-damaged' });
    // Which images there were stood in it.
    expect(outcomeOf(run, IMAGES)).toMatchObject({ outcome: 'failed', reason: 'database-damaged' });
    expect(run.sink.paths()).toContain(
      'data/nodes/node-a/runtime-metadata/stores/containerd/io.containerd.metadata.v1.bolt.meta.db',
    );
  });

  it('reads what a damaged page leaves, and counts the rest', async () => {
    const meta = database('meta');
    meta.fill(0, 2 * 4096, 3 * 4096);
    putContainerd();
    put('/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db', meta);
    const run = await collectDisk();
    expect(outcomeOf(run, CONTAINERS)).toMatchObject({ outcome: 'partial', reason: 'database-damaged' });
    expect(containersOf(run).length).toBeGreaterThan(0);
  });

  it('takes the manifests and configurations that the database names from the content store', async () => {
    putContainerd();
    const digest = '71211e67894ebe3d7785bae898abda62bc19db911d23bccb3365b7a4042e9c98';
    put(`/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/${digest}`, '{"schemaVersion":2}');
    const run = await collectDisk();
    expect(outcomeOf(run, IMAGES)).toMatchObject({ outcome: 'collected' });
    const tar = run.sink.at('data/nodes/node-a/runtime-metadata/images/containerd-blobs.tar').bytes.toString('latin1');
    expect(tar).toContain('{"schemaVersion":2}');
  });

  it('ends with the refusal where no way leads to the node', async () => {
    const run = await runCollector({
      collector,
      cluster: new FakeCluster(() => ({ status: 404 })),
      targets: fakeTargets({ nodes: [fakeNode('node-a')] }),
    });
    expect(run.outcomes.map(({ error }) => (error instanceof ExhibitError ? error.code : null))).toStrictEqual([
      'NODE_ACCESS_REFUSED',
      'NODE_ACCESS_REFUSED',
      'NODE_ACCESS_REFUSED',
    ]);
  });
});
