import { Flags } from '@oclif/core';
import { ExhibitError } from '../model/errors.js';
import type { NodeRung } from '../ports/node-access.js';
import type { CollectRequest } from '../workflows/collect-request.js';

/** What holds every secret, and changes something on the node for it: of collect alone. */
export const memoryFlags = {
  checkpoint: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'MEMORY',
    helpValue: 'NS/POD[/CONTAINER]',
    summary:
      'Let the kubelet write the whole state of running containers, all memory and secrets included: freezes them for a moment, leaves a file on the node that is fetched and removed. seal must encrypt. Repeatable.',
  }),
  memory: Flags.boolean({
    default: false,
    helpGroup: 'MEMORY',
    summary:
      'Take the physical memory of the nodes, with every secret in it, by avml of --node-access. seal must encrypt.',
  }),
};

export interface MemoryFlagValues {
  readonly 'checkpoint'?: readonly string[] | undefined;
  readonly 'memory'?: boolean;
  readonly 'node-access'?: readonly NodeRung[] | undefined;
}

const CONTAINER =
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(\/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/;

function usage(subject: string, message: string, hint: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', message, { subject, hints: [hint] });
}

function checkCheckpoints(asked: readonly string[], flags: MemoryFlagValues, isWithoutCluster: boolean): void {
  const [first] = asked;
  if (first === undefined) return;
  const hint = 'exhibit collect --pod shop/cart-7d9f --checkpoint shop/cart-7d9f/app --node-access ssh';
  const bad = asked.find((one) => !CONTAINER.test(one));
  if (bad !== undefined)
    throw usage(bad, 'this names no container: write NAMESPACE/POD or NAMESPACE/POD/CONTAINER', hint);
  if (isWithoutCluster)
    throw usage(first, 'a checkpoint is asked for through the API server, and no cluster is asked', hint);
  if ((flags['node-access'] ?? []).length === 0)
    throw usage(first, 'a checkpoint stays on the node unless there is a way to fetch it: add --node-access', hint);
}

function checkMemory(flags: MemoryFlagValues, withoutCluster: CollectRequest['withoutCluster']): void {
  if (withoutCluster?.from === 'disk')
    throw usage('--memory', 'a disk has no memory', 'exhibit collect --local --memory');
  if (withoutCluster !== null || (flags['node-access'] ?? []).length > 0) return;
  const hint = 'exhibit collect --node worker-3 --memory --node-access ssh';
  throw usage('--memory', 'memory is read on the node: add --node-access', hint);
}

interface MemoryRequest {
  readonly collectors: readonly string[];
  readonly limits: Pick<CollectRequest['limits'], 'checkpoints' | 'memory'>;
}

/** The collectors that were asked for beside the profile, and their limits. Throws `USAGE_INVALID`. */
export function memoryRequestOf(
  flags: MemoryFlagValues,
  withoutCluster: CollectRequest['withoutCluster'],
): MemoryRequest {
  const { checkpoint: checkpoints = [], memory = false } = flags;
  const isAsked = checkpoints.length > 0;
  checkCheckpoints(checkpoints, flags, withoutCluster !== null);
  if (memory) checkMemory(flags, withoutCluster);
  return {
    collectors: [...(isAsked ? ['checkpoint'] : []), ...(memory ? ['node-memory'] : [])],
    limits: { ...(isAsked ? { checkpoints } : {}), ...(memory ? { memory } : {}) },
  };
}
