import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CHANGED_TO, CHANGES, hasBusybox, imageArchive } from '../fakes/changed-container.js';
import { classesOf, diffEntries, disagreements, entriesAt, nodeContainers, resultOf } from '../fakes/node-diff.js';
import { diskAt, given, PrivateNode, triedNode } from '../fakes/private-node.js';
import { failure, type ToolResult } from '../fakes/stock-tools.js';

const SCRATCH = '/var/lib/kubelet/pods/12345678-1234-1234-1234-123456789abc/volumes/kubernetes.io~empty-dir/scratch';
const IMAGE = 'example.test/image:1';
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
const folder = mkdtempSync(join(tmpdir(), 'exhibit-podman-'));
const copies: string[] = [folder];
let archivePath: string | null = null;
const archive = (): string => (archivePath ??= imageArchive(folder));

function podman(on: PrivateNode, driver: string, ...args: string[]): ToolResult {
  const settings = ['--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', 'runc'];
  return on.run('podman', '--storage-driver', driver, ...settings, ...args);
}

function done({ status, stdout, stderr }: ToolResult): string {
  expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout.trim();
}

/** Tried whole: a machine may have podman and not let it start a container. Throws why. */
async function started(driver: string): Promise<PrivateNode> {
  if (!hasBusybox()) throw new Error('no static busybox');
  const on = await PrivateNode.start();
  const imported = podman(on, driver, 'import', '-q', archive(), IMAGE);
  const trial = ['run', '--rm', ...LIMITS, '--network', 'none', IMAGE, '/bin/sh', '-c', ':'];
  const tried = imported.status === 0 ? podman(on, driver, ...trial) : imported;
  if (tried.status === 0) return on;
  await on.remove();
  throw new Error(failure('podman', tried));
}

const { node, why } = await triedNode(async () => await started('overlay'));
const run = (name: string, ...args: string[]): string[] => {
  return ['run', ...LIMITS, '--network', 'none', '--name', name, ...args];
};

/** What podman itself puts into every container, and does not show as changed. */
const OF_ENGINE = ['/etc/hostname', '/etc/hosts', '/etc/mtab', '/etc/resolv.conf', '/run', '/run/.containerenv'];

afterAll(() => {
  for (const copy of copies) rmSync(copy, { recursive: true });
});

describe.skipIf(node === null)(`the store of podman, which is that of CRI-O${why}`, () => {
  afterAll(async () => {
    if (node === null) return;
    podman(node, 'overlay', 'rm', '-f', '-a', '-t', '0');
    await node.remove();
  });

  it('gives of a running and a stopped container what podman itself says, live and from a copy', async () => {
    const on = given(node);
    const alive = done(podman(on, 'overlay', ...run('alive', '-d', IMAGE, '/bin/sleep', '3600')));
    done(podman(on, 'overlay', 'exec', 'alive', '/bin/sh', '-c', CHANGES));
    mkdirSync(join(on.folder, SCRATCH), { recursive: true });
    const volume = ['-v', `${SCRATCH}:/data`];
    const dropping = `${CHANGES}printf dropped > /data/dropped`;
    done(podman(on, 'overlay', ...run('ended', ...volume, IMAGE, '/bin/sh', '-c', dropping)));
    const ended = done(podman(on, 'overlay', 'inspect', '--format', '{{.Id}}', 'ended'));
    const copy = on.copy();
    copies.push(copy);
    const live = await nodeContainers(await on.live());
    const offline = await nodeContainers(await diskAt(copy));
    for (const id of [alive, ended]) {
      expect(resultOf(live, id)).toMatchObject({ outcome: 'collected' });
      const entries = entriesAt(live, id);
      expect(Object.fromEntries(entries.map((one) => [one.path, one.class]))).toMatchObject(CHANGED_TO);
      const said = JSON.parse(done(podman(on, 'overlay', 'diff', '--format', 'json', id))) as Record<string, string[]>;
      const ours = classesOf(entries);
      const added = ours('added', 'renamed').filter((path) => !OF_ENGINE.includes(path));
      expect(added).toEqual(said['added']?.toSorted());
      // A folder that was made anew is deleted in podman's words.
      expect(ours('deleted', 'opaque-replaced')).toEqual(said['deleted']?.toSorted());
      expect(ours('content-modified', 'metadata-only', 'copied-up-unchanged')).toEqual(
        expect.arrayContaining(said['changed'] ?? []),
      );
      expect(diffEntries(entriesAt(offline, id))).toEqual(diffEntries(entries));
    }
    // What lies outside the layers of a container that ended, where the node keeps it.
    for (const found of [live, offline])
      expect(entriesAt(found, ended).find(({ path }) => path === '/data/dropped')).toMatchObject({
        class: 'added',
        sizeBytes: 7,
        volume: { kind: 'empty-dir', mountPoint: '/data' },
      });
    const known = live.containers.map(({ id, name, hasProcesses, hasTask }) => [id, name, hasProcesses, hasTask]);
    expect(known.toSorted()).toEqual(
      [
        [alive, 'alive', true, true],
        [ended, 'ended', false, false],
      ].toSorted(),
    );
    expect(live.containers[0]).toMatchObject({ runtime: 'containers-storage', image: IMAGE, problems: [] });
    expect(disagreements(live, [alive, ended])).toEqual([]);
  });
});

describe.skipIf(node === null)(`a container whose layers are whole copies, podman's driver vfs${why}`, () => {
  it('is known, and said to have no layers that could be told apart', async () => {
    const on = await started('vfs');
    try {
      done(podman(on, 'vfs', ...run('ended', IMAGE, '/bin/sh', '-c', CHANGES)));
      const id = done(podman(on, 'vfs', 'inspect', '--format', '{{.Id}}', 'ended'));
      const offline = await nodeContainers(await diskAt(on.folder));
      expect(offline.containers).toMatchObject([{ id, name: 'ended', layout: 'copy', snapshotter: 'vfs' }]);
      expect(resultOf(offline, id)).toMatchObject({ outcome: 'skipped', reason: 'unsupported-root' });
    } finally {
      podman(on, 'vfs', 'rm', '-f', '-a', '-t', '0');
      await on.remove();
    }
  });
});
