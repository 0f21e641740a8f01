import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { honestCluster } from '../../../test/fakes/fake-cluster-world.js';
import { canMountOverlay, CONTAINER_ID, isRoot, OverlayContainer } from '../../../test/fakes/overlay-container.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { diffEntrySchema, diffSourceSchema, type DiffEntry, type DiffSource } from '../../model/diff-entry.js';
import type { ContainerTarget, PodTarget } from '../../model/target.js';
import { openDisk } from '../../node-access/local.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { containerDiff } from './collector.js';

const UID = '12345678-1234-1234-1234-123456789abc';
const KEY = `container-diff/shop/web-1.${UID}/app`;
const EARLIER_ID = 'e'.repeat(64);
const GONE_ID = 'b'.repeat(64);
const LIMITS = { maxUpperBytes: 1 << 30, maxVolumeBytes: 1 << 20, maxEntries: 10_000 };
const STORE = '/var/lib/containers/storage';

const folders: string[] = [];
const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const IMAGE = [
  `mkdir -p bin etc opt/old; printf 'good tool' > bin/tool; printf 'mode' > etc/mode; printf 'one' > opt/old/one
   printf 'gone' > etc/gone; chmod 755 bin/tool; touch -d 2020-01-02T03:04:05.123456789Z bin/tool etc/mode etc`,
  `mkdir -p etc; printf 'second' > etc/layered`,
];
const INSIDE = `
  printf 'evil tool' > bin/tool; touch -d 2020-01-02T03:04:05.123456789Z bin/tool
  chmod 600 etc/mode; rm etc/gone; rm -r opt/old; mkdir opt/old; printf 'new' > opt/old/two
  printf 'third' > etc/layered; printf 'twice' > etc/twice; ln etc/twice etc/twin; ln -s /etc/shadow etc/link
  truncate -s 16M etc/sparse; touch "$(printf 'etc/bad\\377utf')" etc/.wh.mine; mkfifo etc/pipe; mknod etc/null c 1 3`;

/** A file below the root of a node. */
function put(root: string, path: string, value: unknown): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
}

const layerPath = (id: string): string => `${STORE}/overlay/${id}/diff`;

/** One container as CRI-O keeps it on the disk, with the process that runs in it, and one of an earlier start. */
function onCrio(inside: { readonly inside?: string; readonly upper?: string }): OverlayContainer {
  const one = new OverlayContainer({ image: IMAGE, ...inside, isRooted: true });
  made.push(one);
  const layers = [
    ['u', 'top'],
    ['l1', 'middle'],
    ['l0', 'bottom'],
  ] as const;
  for (const [from, id] of layers) {
    mkdirSync(join(one.folder, dirname(layerPath(id))), { recursive: true });
    execFileSync('mv', [join(one.folder, from), join(one.folder, layerPath(id))]);
  }
  put(one.folder, `${layerPath('before')}/etc/early`, 'early');
  put(one.folder, `${STORE}/overlay-layers/layers.json`, [
    { id: 'bottom' },
    { id: 'middle', parent: 'bottom' },
    { id: 'top', parent: 'middle' },
    { id: 'before', parent: 'middle' },
  ]);
  const container = (id: string, layer: string) => ({ id, names: ['k8s_app'], image: 'i', layer });
  put(one.folder, `${STORE}/overlay-containers/containers.json`, [
    container(CONTAINER_ID, 'top'),
    container(EARLIER_ID, 'before'),
  ]);
  const annotations = {
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.name': 'web-1',
    'io.kubernetes.pod.uid': UID,
    'io.kubernetes.container.name': 'app',
  };
  for (const id of [CONTAINER_ID, EARLIER_ID])
    put(one.folder, `${STORE}/overlay-containers/${id}/userdata/config.json`, { annotations });
  const options = `rw,lowerdir=${layerPath('middle')}:${layerPath('bottom')},upperdir=${layerPath('top')},workdir=/w`;
  one.writeProc({
    root: `600 500 0:99 / / rw,relatime - overlay overlay ${options}`,
    runtime: `500 400 0:99 / /run/x/${CONTAINER_ID}/rootfs rw - overlay overlay ${options}`,
  });
  return one;
}

/** The node's disk, copied as a tool for copies would; the process table is not on it. */
function copyOf(one: OverlayContainer): string {
  const copy = mkdtempSync(join(tmpdir(), 'exhibit-copy-'));
  folders.push(copy);
  execFileSync('cp', ['-a', `${one.folder}/var`, copy]);
  return copy;
}

async function disk(root: string): Promise<NodeAccess> {
  const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
  return await openDisk({ node: 'node-1', root }, options, new AbortController().signal);
}

/** The same way as if it were opened anew: what was asked over a way is known to it. */
function another(access: NodeAccess): NodeAccess {
  return {
    facts: access.facts,
    run: async (command, consumer) => await access.run(command, consumer),
    close: async () => await access.close(),
  };
}

function pod(target: Partial<ContainerTarget>): PodTarget {
  const app: ContainerTarget = {
    name: 'app',
    role: 'main',
    containerId: `cri-o://${CONTAINER_ID}`,
    restartCount: 0,
    state: 'running',
    stateReason: '',
    hasPrevious: false,
    ...target,
  };
  return { namespace: 'shop', name: 'web-1', uid: UID, node: 'node-1', phase: 'Running', containers: [app] };
}

/** `null` = no cluster is asked, as on a disk. */
async function diff(access: NodeAccess, target: Partial<ContainerTarget> | null = {}): Promise<FakeRun> {
  const cluster: ClusterReader = new FakeCluster(honestCluster);
  const withoutCluster = { ...cluster, facts: { ...cluster.facts, server: 'none' } };
  const run = await runCollector({
    collector: containerDiff(LIMITS),
    cluster: target === null ? withoutCluster : cluster,
    targets: fakeTargets({
      nodes: [fakeNode('node-1')],
      podList: target === null ? [] : [pod(target)],
      namespaces: target === null ? [] : ['shop'],
    }),
    limits: { idleTimeoutMs: 60_000 },
    nodeAccess: async () => await Promise.resolve(access),
  });
  expect([...run.sink.open_]).toEqual([]);
  const empty = run.outcomes.filter(({ result }) => ['absent', 'skipped'].includes(result?.outcome ?? ''));
  const keys = new Set(empty.map(({ planned }) => planned.artifact));
  expect(run.sink.items.filter(({ draft }) => keys.has(draft.artifact))).toEqual([]);
  return run;
}

const APP = 'data/derived/container-diff/shop/web-1.app.12345678';
const byId = (id: string): string => `data/derived/container-diff/shop/web-1.app.${id.slice(0, 12)}`;

function linesOf({ sink }: FakeRun, path: string): unknown[] {
  const lines = sink.at(path).bytes.toString('latin1').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

const entriesOf = (run: FakeRun, folder = APP): DiffEntry[] =>
  linesOf(run, `${folder}/entries.jsonl`).map((line) => diffEntrySchema.parse(line));

const sourceOf = (run: FakeRun, folder = APP): DiffSource =>
  diffSourceSchema.parse(linesOf(run, `${folder}/source.jsonl`)[0]);

/** We read the files ourselves. */
const READ = ['atime'];
/** What a copy of the same files cannot have: places on a filesystem, and the times that the kernel alone sets. */
const COPIED = [...READ, 'inode', 'device', 'allocatedBytes', 'ctime', 'btime'];

/** The kernel makes one whiteout and links it wherever it needs one, its own working folder included: links of those are not counted. */
function without(own: readonly string[], entries: readonly DiffEntry[]): object[] {
  return entries.map((entry) => {
    const left = entry.overlay.includes('whiteout') ? [...own, 'nlink'] : own;
    return Object.fromEntries(Object.entries(entry).filter(([key]) => !left.includes(key)));
  });
}

describe.skipIf(!canMountOverlay())('a container that was at work (only where overlays can be mounted)', () => {
  it('gives the same entries by its mounts, by its store once it stopped, and from a copy of the disk', async () => {
    const one = onCrio({ inside: INSIDE });
    const live = await diff(one.access);
    expect(outcomeOf(live, KEY)).toMatchObject({ outcome: 'collected' });
    expect(sourceOf(live)).toMatchObject({ layersFrom: 'mounts', pid: 4242, view: 'node' });
    const classes = Object.fromEntries(entriesOf(live).map((entry) => [entry.path, entry.class]));
    expect(classes).toMatchObject({
      '/bin/tool': 'content-modified',
      '/etc/mode': 'metadata-only',
      '/etc/gone': 'deleted',
      '/opt/old': 'opaque-replaced',
      '/etc/layered': 'content-modified',
      '/etc/twin': 'added',
    });

    const copy = copyOf(one);
    rmSync(join(one.folder, 'proc', '4242'), { recursive: true });
    const stopped = await diff(another(one.access), { state: 'terminated' });
    expect(outcomeOf(stopped, KEY)).toMatchObject({ outcome: 'collected' });
    expect(sourceOf(stopped)).toMatchObject({ layersFrom: 'store', pid: null, runtimeAgrees: 'unknown' });
    expect(without(READ, entriesOf(stopped))).toEqual(without(READ, entriesOf(live)));

    const offline = await diff(await disk(copy), null);
    expect(outcomeOf(offline, 'container-diff/node-1')).toMatchObject({
      outcome: 'collected',
      proof: { containers: 2 },
    });
    expect(outcomeOf(offline, `container-diff/node-1/${CONTAINER_ID}`)).toMatchObject({ outcome: 'collected' });
    const folder = byId(CONTAINER_ID);
    expect(sourceOf(offline, folder)).toMatchObject({ namespace: 'shop', pod: 'web-1', container: 'app' });
    expect(without(COPIED, entriesOf(offline, folder))).toEqual(without(COPIED, entriesOf(live)));
    const upper = `data/pods/shop/web-1.12345678/app.${CONTAINER_ID.slice(0, 12)}/diff/upper.tar`;
    expect(offline.sink.at(upper).draft.vantage).toBe('offline-disk');
    expect(offline.sink.at(`${folder}/source.jsonl`).facts.derivedFrom).toContain(
      'data/nodes/node-1/container-diff/stores/containers-storage.tar',
    );
  });
});

describe.skipIf(!isRoot)('a container that its runtime keeps on the disk (only as root)', () => {
  it('is compared with its earlier start, which the API names no more', async () => {
    const run = await diff(onCrio({ upper: 'touch now' }).access, { hasPrevious: true, restartCount: 1 });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected' });
    expect(sourceOf(run)).toMatchObject({ layersFrom: 'mounts' });
    expect(outcomeOf(run, `container-diff/node-1/${EARLIER_ID}`)).toMatchObject({ outcome: 'collected' });
    const early = entriesOf(run, byId(EARLIER_ID)).find(({ path }) => path === '/etc/early');
    expect(early).toMatchObject({ class: 'added', sizeBytes: 5 });
    expect(sourceOf(run, byId(EARLIER_ID))).toMatchObject({ podUid: UID, layersFrom: 'store' });
  });

  it('and that is not there is said so, with what was read of the store', async () => {
    const run = await diff(onCrio({ upper: 'touch now' }).access, { containerId: `cri-o://${GONE_ID}` });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'not-in-store' });
    expect(run.sink.paths()).toEqual(['data/nodes/node-1/container-diff/stores/containers-storage.tar']);
  });

  it('whose layers are missing in part is partial', async () => {
    const one = onCrio({ upper: 'touch now' });
    put(one.folder, `${STORE}/overlay-layers/layers.json`, [
      { id: 'middle', parent: 'lost' },
      { id: 'top', parent: 'middle' },
    ]);
    const run = await diff(await disk(copyOf(one)), null);
    const key = `container-diff/node-1/${CONTAINER_ID}`;
    expect(outcomeOf(run, key)).toMatchObject({ outcome: 'partial', reason: 'layers-missing' });
  });

  it('whose store leads out of the disk is not found there', async () => {
    const one = onCrio({ upper: 'touch now' });
    const copy = copyOf(one);
    const outside = mkdtempSync(join(tmpdir(), 'exhibit-outside-'));
    folders.push(outside);
    rmSync(join(copy, layerPath('top')), { recursive: true });
    execFileSync('ln', ['-s', outside, join(copy, layerPath('top'))]);
    const run = await diff(await disk(copy), null);
    const key = `container-diff/node-1/${CONTAINER_ID}`;
    expect(outcomeOf(run, key)).toMatchObject({ outcome: 'failed', reason: 'layers-not-found' });
  });
});

it("finds containerd's containers on a disk, and one that was deleted and whose folder is still there", async () => {
  const root = mkdtempSync(join(tmpdir(), 'exhibit-disk-'));
  folders.push(root);
  const at = join(root, 'var/lib/containerd');
  const snapshots = join(at, 'io.containerd.snapshotter.v1.overlayfs');
  for (const path of ['io.containerd.metadata.v1.bolt', 'io.containerd.snapshotter.v1.overlayfs'])
    mkdirSync(join(at, path), { recursive: true });
  const fixtures = join(import.meta.dirname, '../../lib/containerd-store/fixtures');
  const database = (name: string): Buffer =>
    gunzipSync(readFileSync(join(fixtures, `containerd-1.6.20-${name}.db.gz`)));
  writeFileSync(join(at, 'io.containerd.metadata.v1.bolt/meta.db'), database('meta'));
  writeFileSync(join(snapshots, 'metadata.db'), database('metadata'));
  for (const id of [1, 2, 33]) mkdirSync(join(snapshots, `snapshots/${String(id)}/fs`), { recursive: true });
  writeFileSync(join(snapshots, 'snapshots/1/fs/tool'), 'good');
  writeFileSync(join(snapshots, 'snapshots/2/fs/tool'), 'evil');
  writeFileSync(join(snapshots, 'snapshots/33/fs/left'), 'behind');
  const run = await diff(await disk(root), null);
  expect(outcomeOf(run, 'container-diff/node-1').outcome).toBe('collected');
  const web = 'data/derived/container-diff/shop/web-0.web.web';
  expect(sourceOf(run, web)).toMatchObject({ layersFrom: 'store', containerId: 'web', container: 'web' });
  expect(entriesOf(run, web).find(({ path }) => path === '/tool')).toMatchObject({
    class: 'content-modified',
    base: { layer: 0, sizeBytes: 4 },
  });
  const gone = run.outcomes.find(({ planned }) => planned.artifact === 'container-diff/node-1/gone-24');
  expect(gone?.planned.required).toBe(false);
  const sources = run.sink.paths().filter((path) => path.endsWith('/source.jsonl'));
  const carved = sources.map((path) => sourceOf(run, path.replace('/source.jsonl', '')));
  expect(carved.find(({ containerId }) => containerId === 'gone-24')).toMatchObject({
    layersFrom: 'store-carved',
    pod: 'evil-24',
  });
});
