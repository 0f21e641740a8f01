import { shellWord } from '../../lib/shell-word.js';
import { ExhibitError } from '../../model/errors.js';
import type { Machine } from './machines.js';
import { ownNetworks } from './plan-steps.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { Scene } from './read-scene.js';

const SAFE = 'Nothing was changed.';

/** An isolated node that nobody reaches is a lost one. Throws `USAGE_INVALID`. */
export function refuseUnreachable(
  { level, keepReachable = [] }: QuarantineRequest,
  machines: readonly Machine[],
): void {
  if (level !== 'isolate' || keepReachable.length > 0) return;
  const without = machines.find(({ instance }) => instance !== null && ownNetworks(instance).length === 0);
  if (without === undefined) return;
  throw new ExhibitError('USAGE_INVALID', `which networks must still reach node ${without.node} is not known`, {
    subject: without.node,
    hints: ['Name those of the API server and of whoever collects with --keep-reachable CIDR'],
    safe: SAFE,
  });
}

/** A pod that leaves an open node may come back to it. Throws `USAGE_INVALID`. */
export function refuseOpenShift({ shiftOthers = false, skip, names }: QuarantineRequest): void {
  if (!shiftOthers || !skip.includes('cordon')) return;
  throw new ExhibitError('USAGE_INVALID', 'others are not moved off a node that is not cordoned: they may come back', {
    subject: names.join(', '),
    hints: ['Leave out --skip cordon, or --shift-others'],
    safe: SAFE,
  });
}

/**
 * What vanishes when a machine is severed, or when pods are moved off it, must be in the open exhibit, or its loss be named. `taken`: nodes of which it is there. Throws
 * `VOLATILE_NOT_TAKEN`.
 */
export function refuseLoss(
  { level, shiftOthers = false, loseVolatile = [] }: QuarantineRequest,
  { nodes }: Scene,
  taken: ReadonlySet<string>,
): void {
  if (level !== 'sever' && !shiftOthers) return;
  const lost = nodes.find(({ name }) => !taken.has(name) && !loseVolatile.includes(name));
  if (lost === undefined) return;
  throw new ExhibitError(
    'VOLATILE_NOT_TAKEN',
    `the open exhibit does not have what vanishes from node ${lost.name}: processes and connections; afterwards ${level === 'sever' ? 'nothing can be read from it' : 'those of the pods that are moved are gone'}`,
    {
      subject: lost.name,
      hints: [
        `exhibit collect --node ${shellWord(lost.name)} --node-access collector-pod`,
        `Repeat the command with --lose-volatile ${shellWord(lost.name)}`,
      ],
      safe: SAFE,
    },
  );
}
