import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckpointArchive } from '../../src/collectors/checkpoint/checkpoint-archive.js';
import { hasBusybox, imageArchive } from '../fakes/changed-container.js';
import { given, PrivateNode, triedNode } from '../fakes/private-node.js';
import { failure, runTool, type ToolResult } from '../fakes/stock-tools.js';

const IMAGE = 'example.test/image:1';
const NAME = 'watched';
/** No sparse file: podman writes its holes out, and would fill the disk. */
const CHANGES =
  'rm /etc/gone; rm -r /opt/old; mkdir /opt/old; printf new > /opt/old/three; cp /bin/busybox /tmp/shell; chmod 4755 /tmp/shell';
const folder = mkdtempSync(join(tmpdir(), 'exhibit-checkpoint-'));

function podman(on: PrivateNode, ...args: string[]): ToolResult {
  const settings = ['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'];
  return on.run('podman', ...settings, '--runtime', 'runc', ...args);
}

const checkpointTo = (on: PrivateNode, path: string): ToolResult =>
  podman(on, 'container', 'checkpoint', '--leave-running', '--compress', 'none', '--export', path, NAME);

/** What takes part in a probe, one after the other; the first that fails is why. */
function firstFailure(...steps: readonly (() => ToolResult)[]): string | null {
  for (const step of steps) {
    const tried = step();
    if (tried.status !== 0) return failure('podman', tried);
  }
  return null;
}

/** A container that runs and was changed, on a machine whose kernel lets CRIU take its state; tried whole. Throws why. */
async function started(): Promise<PrivateNode> {
  if (!hasBusybox()) throw new Error('no static busybox');
  const criu = runTool('criu', ['check']);
  if (criu.status !== 0) throw new Error(failure('criu check', criu));
  const on = await PrivateNode.start();
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--network', 'none'];
  const problem = firstFailure(
    () => podman(on, 'import', '-q', imageArchive(folder), IMAGE),
    () => podman(on, 'run', '-d', ...limits, '--name', NAME, IMAGE, '/bin/sleep', '3600'),
    () => podman(on, 'exec', NAME, '/bin/sh', '-c', CHANGES),
    () => checkpointTo(on, join(folder, 'trial.tar')),
  );
  if (problem === null) return on;
  podman(on, 'rm', '-f', '-a', '-t', '0');
  await on.remove();
  throw new Error(problem);
}

// In CI, too, no more than a reason: it is the kernel that lets CRIU work.
const { node, why } = await triedNode(started, {});

/** In pieces, as it comes from a node. */
async function read(bytes: Buffer): Promise<CheckpointArchive> {
  const archive = new CheckpointArchive();
  for (let at = 0; at < bytes.length; at += 30_000) await archive.write(bytes.subarray(at, at + 30_000));
  await archive.end();
  return archive;
}

describe.skipIf(node === null)(`a checkpoint that CRIU and podman made, which is that of CRI-O${why}`, () => {
  afterAll(async () => {
    if (node === null) return;
    podman(node, 'rm', '-f', '-a', '-t', '0');
    await node.remove();
    rmSync(folder, { recursive: true });
  });

  it('is read whole: its members, and what the container had deleted', async () => {
    const path = join(folder, 'checkpoint.tar');
    const { status, stderr } = checkpointTo(given(node), path);
    expect([status, stderr]).toEqual([0, '']);
    const { members, deletions, problems } = await read(readFileSync(path));
    expect([...problems]).toEqual([]);
    const names = members.map(({ name }) => name.display);
    expect(names).toEqual(runTool('tar', ['-tf', path]).stdout.trimEnd().split('\n'));
    expect(names).toEqual(
      expect.arrayContaining([
        'config.dump',
        'spec.dump',
        'rootfs-diff.tar',
        'deleted.files',
        'checkpoint/pages-1.img',
      ]),
    );
    expect(deletions.map(({ path: gone, saidBy }) => [gone.display, saidBy])).toEqual([
      ['/etc/gone', ['deleted.files']],
      ['/opt/old', ['deleted.files']],
    ]);
  });

  it('that is cut is told as such, wherever', async () => {
    const bytes = readFileSync(join(folder, 'trial.tar'));
    for (let part = 0; part < 40; part += 1) {
      const cut = Math.floor((bytes.length * part) / 40);
      expect((await read(bytes.subarray(0, cut))).problems.size, `cut at ${String(cut)}`).toBeGreaterThan(0);
    }
  });
});
