import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CHANGED_TO, CHANGES, hasBusybox, imageArchive } from '../fakes/changed-container.js';
import { diffEntries, entriesAt, nodeContainers, resultOf } from '../fakes/node-diff.js';
import { diskAt, given, PrivateNode, triedNode } from '../fakes/private-node.js';
import { hasTool, runTool, type ToolResult } from '../fakes/stock-tools.js';

/** Where the distributions have it; the first is where it was made. */
const ROOTS = [
  '/var/lib/rancher/k3s/agent/containerd',
  '/var/lib/rancher/rke2/agent/containerd',
  '/var/snap/microk8s/common/var/lib/containerd',
  '/var/lib/k0s/containerd',
  '/var/lib/containerd',
] as const;
const [MADE_AT] = ROOTS;
const SOCKET = '/run/k3s/containerd/containerd.sock';
const IMAGE = 'example.test/image:1';
const ID = 'e'.repeat(64);
const LABELS = {
  'io.cri-containerd.kind': 'container',
  'io.kubernetes.container.name': 'app',
  'io.kubernetes.pod.name': 'web-1',
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.uid': '12345678-1234-1234-1234-123456789abc',
};
const folder = mkdtempSync(join(tmpdir(), 'exhibit-containerd-'));
const folders = [folder];
let daemon: ChildProcess | null = null;

const ctr = (on: PrivateNode, ...args: readonly string[]): ToolResult =>
  on.run('ctr', '--address', SOCKET, '--namespace', 'k8s.io', ...args);

function done({ status, stdout, stderr }: ToolResult): string {
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** An image as `ctr images import` takes it: one layer, in the form of `docker save`. */
function savedImage(): string {
  const layer = imageArchive(folder);
  const digest = done(runTool('sha256sum', [layer])).slice(0, 64);
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] } };
  const manifest = [{ Config: 'config.json', RepoTags: [IMAGE], Layers: ['image.tar'] }];
  const script =
    'cd "$1" && printf %s "$2" > config.json && printf %s "$3" > manifest.json && tar -cf saved.tar config.json manifest.json image.tar';
  done(runTool('sh', ['-c', script, 'sh', folder, JSON.stringify(config), JSON.stringify(manifest)]));
  return join(folder, 'saved.tar');
}

async function stopped(on: PrivateNode): Promise<void> {
  const one = daemon;
  daemon = null;
  try {
    if (one !== null) await on.end(one);
  } finally {
    await on.remove();
  }
}

/** Tried whole: a machine may have containerd and not let it start a container. Throws why. */
async function started(): Promise<PrivateNode> {
  if (!hasBusybox() || !hasTool('containerd') || !hasTool('ctr'))
    throw new Error('no containerd, ctr or static busybox');
  const on = await PrivateNode.start();
  for (const path of [MADE_AT, '/run/k3s/containerd']) mkdirSync(join(on.folder, path), { recursive: true });
  daemon = on.spawn('containerd', '--root', MADE_AT, '--state', '/run/k3s/containerd', '--address', SOCKET);
  try {
    for (let tries = 0; tries < 150 && ctr(on, 'version').status !== 0; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 200));
    done(ctr(on, 'images', 'import', savedImage()));
    const labels = Object.entries(LABELS).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
    done(ctr(on, 'run', ...labels, IMAGE, ID, '/bin/sh', '-c', CHANGES));
    return on;
  } catch (error) {
    await stopped(on);
    throw error;
  }
}

const { node, why } = await triedNode(started);

afterAll(async () => {
  try {
    if (node !== null) await stopped(node);
  } finally {
    for (const one of folders) rmSync(one, { recursive: true });
  }
});

/** The same store where another distribution has it, as a disk. */
function movedTo(root: string, on: PrivateNode): string {
  const disk = mkdtempSync(join(tmpdir(), 'exhibit-disk-'));
  folders.push(disk);
  mkdirSync(join(disk, dirname(root)), { recursive: true });
  done(runTool('cp', ['-a', join(on.folder, MADE_AT), join(disk, root)]));
  return disk;
}

describe.skipIf(node === null)(`a store of containerd${why}`, () => {
  it('is read live where k3s has it, and on disks where any distribution has it, with the same result', async () => {
    const on = given(node);
    const live = await nodeContainers(await on.live());
    expect(resultOf(live, ID)).toMatchObject({ outcome: 'collected' });
    const entries = entriesAt(live, ID);
    expect(Object.fromEntries(entries.map((one) => [one.path, one.class]))).toMatchObject(CHANGED_TO);
    for (const root of ROOTS) {
      const disk = movedTo(root, on);
      expect(existsSync(join(disk, root, 'io.containerd.metadata.v1.bolt/meta.db'))).toBe(true);
      const offline = await nodeContainers(await diskAt(disk));
      expect(resultOf(offline, ID)).toMatchObject({ outcome: 'collected' });
      expect(diffEntries(entriesAt(offline, ID))).toEqual(diffEntries(entries));
      expect(offline.containers).toMatchObject([
        {
          runtime: 'containerd',
          id: ID,
          image: IMAGE,
          pod: { namespace: 'shop', name: 'web-1' },
          upper: expect.stringContaining(`${root}/io.containerd.snapshotter.v1.overlayfs/snapshots/`) as string,
          problems: [],
        },
      ]);
    }
  });
});
