import type { NodeAccess, NodeAccessRung } from '../ports/node-access.js';
import type { FarExec } from './far-exec.js';
import type { MountInfo } from '../lib/mount-info.js';
import { isReadOnly, mountOf } from './mount-state.js';
import { probeNode } from './probe-node.js';
import type { FarSide } from './run-far-script.js';
import { ShellAccess } from './shell-access.js';
import { startProcess } from './start-process.js';

/** Nothing of the caller's environment reaches a script. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type LocalOptions = Pick<FarSide, 'clock' | 'ids' | 'rateBytesPerSecond'>;

function farSideHere(root: string, proc: string, options: LocalOptions): FarSide {
  const start = async (exec: FarExec) => {
    const [file = 'sh', ...args] = exec.argv;
    return await startProcess({ file, args, env: { PATH } }, exec);
  };
  return { ...options, start, root, proc };
}

/**
 * The machine that this program runs on, by its own tools: what a rootkit hides from them is hidden from us. Whether it is the node that
 * was asked for is told by `sameMachineOnly`.
 */
export function localRung(options: LocalOptions): NodeAccessRung {
  return {
    rung: 'local',
    open: async (node, signal) => {
      const far = farSideHere('', '/proc', options);
      const facts = await probeNode({ node: node.name, rung: 'local' }, far, signal);
      return new ShellAccess(facts, far);
    },
  };
}

const WRITABLE = {
  reason: 'disk-writable',
  detail: 'the disk is not mounted read-only: reading it may change access times, and others may write to it meanwhile',
};

function transportOf(root: string, mount: MountInfo | null): Readonly<Record<string, string>> {
  if (mount === null) return { path: root };
  const { mountPoint, fsType, source, options } = mount;
  return { path: root, mountPoint, filesystem: fsType, source, options: options.join(',') };
}

/** A node's disk, mounted read-only at `root` on this machine: no process, no kernel of the node. */
export async function openDisk(
  { node, root }: { readonly node: string; readonly root: string },
  options: LocalOptions,
  signal: AbortSignal,
): Promise<NodeAccess> {
  const far = farSideHere(root, '/nonexistent', options);
  const mount = await mountOf(root);
  const facts = await probeNode({ node, rung: 'disk', transport: transportOf(root, mount) }, far, signal);
  const writable = mount === null || !isReadOnly(mount);
  const degraded = writable ? [...facts.degraded, WRITABLE] : facts.degraded;
  return new ShellAccess({ ...facts, degraded }, far);
}
