import { ExhibitError } from '../../model/errors.js';
import type { CollectRequest } from '../collect-request.js';
import type { RunState } from './run-state.js';

type Asked = Pick<CollectRequest, 'scope' | 'withoutCluster'>;

/** From where the words of a node come, as far as one exhibit must not mix them under one name. */
function originOf({ withoutCluster }: Asked): string {
  return withoutCluster === null ? 'a cluster' : withoutCluster.from === 'disk' ? 'a disk' : 'the machine itself';
}

function differs(before: RunState, request: Asked, name: string): boolean {
  const earlier = before.targets?.nodes.find((node) => node.name === name);
  if (earlier === undefined) return false;
  const machineId = request.withoutCluster?.node.machineId ?? '';
  const other = machineId !== '' && earlier.machineId !== '' && machineId !== earlier.machineId;
  return other || originOf(before.request) !== originOf(request);
}

/**
 * An artifact is read once in an exhibit. A node that an earlier run read live would therefore hide its disk, and a machine another one of
 * the same name: each gets an exhibit of its own. Throws `TARGET_REPLACED`.
 */
export function refuseOtherNode(runs: readonly RunState[], request: Asked): void {
  const { withoutCluster, scope } = request;
  for (const name of withoutCluster === null ? scope.nodes : [withoutCluster.node.name]) {
    const before = runs.find((run) => differs(run, request, name));
    if (before === undefined) continue;
    throw new ExhibitError(
      'TARGET_REPLACED',
      `the open exhibit already holds a node ${name}, read from ${originOf(before.request)}; this is another one, or another way to it`,
      { subject: name, hints: ['exhibit seal'] },
    );
  }
}
