import { ExhibitError } from '../model/errors.js';
import type { NodeTarget } from '../model/target.js';
import type { NodeFacts } from '../ports/node-access.js';

/**
 * What is read here is said to be of that node: then the machine that answers must be the one that the Node object describes. Boot id and
 * machine id are compared, each where both sides know it. Throws `NODE_ACCESS_REFUSED`: `node-differs` when one is another,
 * `node-unproven` when neither can be compared.
 */
export function refuseOtherMachine(node: NodeTarget, { self, rung }: NodeFacts): void {
  const pairs = [
    ['machine id', node.machineId.toLowerCase(), self?.machineId ?? ''],
    ['boot id', (node.bootId ?? '').toLowerCase(), self?.bootId ?? ''],
  ] as const;
  const known = pairs.filter(([, expected, found]) => expected !== '' && found !== '');
  const other = known.find(([, expected, found]) => expected !== found);
  if (other !== undefined) {
    const [what, expected, found] = other;
    throw new ExhibitError(
      'NODE_ACCESS_REFUSED',
      `what answers by ${rung} is not node ${node.name}: its ${what} is ${found}, that of the node ${expected}`,
      { subject: 'node-differs', hints: ['exhibit collect --local'] },
    );
  }
  if (known.length === 0) {
    throw new ExhibitError(
      'NODE_ACCESS_REFUSED',
      `whether what answers by ${rung} is node ${node.name} cannot be told: neither machine id nor boot id is known on both sides`,
      { subject: 'node-unproven', hints: ['exhibit collect --local'] },
    );
  }
}
