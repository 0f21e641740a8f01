import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { NodeTarget } from '../model/target.js';
import type { NodeFacts, NodeSelf } from '../ports/node-access.js';
import type { CollectRequest } from '../workflows/collect-request.js';
import type { Context } from './context.js';

type WithoutCluster = NonNullable<CollectRequest['withoutCluster']>;

export interface WithoutClusterFlagValues {
  readonly 'node': readonly string[] | undefined;
  readonly 'local': boolean;
  readonly 'disk': string | undefined;
  readonly 'all': boolean;
  readonly 'pod': readonly string[] | undefined;
  readonly 'namespace': readonly string[] | undefined;
  readonly 'kubelet': boolean;
  readonly 'node-access'?: readonly string[] | undefined;
}

/** Names that a node may have; a disk may call itself anything. */
const NODE_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function usage(message: string, hints: readonly string[]): ExhibitError {
  return new ExhibitError('USAGE_INVALID', message, { hints });
}

function nameOf(self: NodeSelf | undefined, from: string): string {
  const name = self?.hostname?.toLowerCase() ?? '';
  if (NODE_NAME.test(name)) return name;
  throw usage('the machine has no name that a node can have; name it', [`exhibit collect ${from} --node NAME`]);
}

/** The boot changes while the machine stays the same: it identifies only where nothing else does. `from` is the flag that it is read by. */
function nodeOf({ self }: NodeFacts, given: string | undefined, from: string): NodeTarget {
  const known = { name: given ?? nameOf(self, from), uid: '', machineId: self?.machineId ?? '', ready: true };
  const bootId = self?.bootId ?? null;
  return known.machineId === '' && bootId !== null ? { ...known, bootId } : known;
}

/** The path without links, or that of its nearest folder that exists. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return await realOf(dirname(path));
  }
}

/** Evidence is never written onto the disk that it is taken from. */
async function refuseWritingBelow(disk: string, written: readonly string[]): Promise<void> {
  for (const path of written) {
    const real = await realOf(path);
    if (real !== disk && disk !== '/' && !real.startsWith(`${disk}/`)) continue;
    throw new ExhibitError('USAGE_INVALID', `the case would be written onto the disk that is read: ${real}`, {
      subject: disk,
      hints: ['EXHIBIT_HOME=/ANOTHER/DISK exhibit collect --disk PATH', 'exhibit collect --local'],
    });
  }
}

async function diskOf(given: string, node: string | undefined, context: Context): Promise<WithoutCluster> {
  const path = isAbsolute(given) ? given : join(context.environment.workingDirectory, given);
  const disk = await realpath(path).catch((error: unknown) => {
    const why = errnoOf(error) ?? 'unknown error';
    throw new ExhibitError('USAGE_INVALID', `the disk cannot be opened (${why})`, { subject: path });
  });
  await refuseWritingBelow(disk, [context.locations.casesDirectory, context.scratchDirectory]);
  const facts = await context.nodeFacts({ path: disk });
  const writable = facts.degraded.find(({ reason }) => reason === 'disk-writable');
  if (writable !== undefined) context.io.emit('DISK_WRITABLE', writable.detail, { path: disk });
  return { from: 'disk', path: disk, node: nodeOf(facts, node, '--disk PATH') };
}

/**
 * `--local` and `--disk` as the workflow wants them; `null` = a cluster is asked. Throws `USAGE_INVALID` for what only a cluster can
 * answer, and for a disk onto which the case would be written.
 */
export async function withoutClusterOf(
  flags: WithoutClusterFlagValues,
  context: Context,
): Promise<CollectRequest['withoutCluster']> {
  const { local, disk, node = [] } = flags;
  if (!local && disk === undefined) return null;
  const needless = [flags.all, flags.pod !== undefined, flags.namespace !== undefined, flags.kubelet];
  if (needless.includes(true) || flags['node-access'] !== undefined || node.length > 1) {
    throw usage(
      '--local and --disk read one machine without a cluster: of the selection only one --node goes with them',
      ['exhibit collect --local', 'exhibit collect --disk /mnt/disk --node NAME'],
    );
  }
  if (disk !== undefined) return await diskOf(disk, node[0], context);
  return { from: 'this-machine', node: nodeOf(await context.nodeFacts({}), node[0], '--local') };
}
