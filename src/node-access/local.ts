import type { Clock, Ids } from '../ports/clock.js';
import type { NodeAccess, NodeAccessRung } from '../ports/node-access.js';
import type { FarExec } from './far-exec.js';
import { probeNode } from './probe-node.js';
import { ShellAccess } from './shell-access.js';
import { startProcess } from './start-process.js';

/** Nothing of the caller's environment reaches a script. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface LocalOptions {
  readonly clock: Clock;
  readonly ids: Ids;
}

async function openHere(
  rung: 'local' | 'disk',
  place: { node: string; root: string; proc: string },
  options: LocalOptions,
  signal: AbortSignal,
): Promise<NodeAccess> {
  const start = async (exec: FarExec) => {
    const [file = 'sh', ...args] = exec.argv;
    return await startProcess({ file, args, env: { PATH } }, exec);
  };
  const far = { start, root: place.root, proc: place.proc, clock: options.clock, ids: options.ids };
  return new ShellAccess(await probeNode(place.node, rung, far, signal), far);
}

/** The machine that this program runs on, by its own tools: what a rootkit hides from them is hidden from us. */
export function localRung(options: LocalOptions): NodeAccessRung {
  return {
    rung: 'local',
    open: async (node, signal) =>
      await openHere('local', { node: node.name, root: '', proc: '/proc' }, options, signal),
  };
}

/** A node's disk, mounted read-only at `root` on this machine: no process, no kernel of the node. */
export async function openDisk(
  node: string,
  root: string,
  options: LocalOptions,
  signal: AbortSignal,
): Promise<NodeAccess> {
  return await openHere('disk', { node, root, proc: '/nonexistent' }, options, signal);
}
