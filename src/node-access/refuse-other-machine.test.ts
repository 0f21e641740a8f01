import { describe, expect, it } from 'vitest';
import { nodeFacts } from '../../test/fakes/node-facts.js';
import type { NodeFacts, NodeSelf } from '../ports/node-access.js';
import { refuseOtherMachine } from './refuse-other-machine.js';

const SELF: NodeSelf = {
  hostname: 'h',
  machineId: null,
  bootId: null,
  uid: '0',
  nice: '19',
  ioClass: 'idle',
  pressure: true,
};
const factsOf = (self: Partial<NodeSelf>): NodeFacts => nodeFacts({ rung: 'ssh', self: { ...SELF, ...self } });
const node = { name: 'n', uid: '', machineId: '', ready: true };
const [A, B] = ['a'.repeat(32), 'b'.repeat(32)];

describe('whether a machine is the node', () => {
  it.each([
    ['the same machine id', { machineId: A }, { machineId: A }],
    ['the same machine id in capitals', { machineId: A.toUpperCase() }, { machineId: A }],
    ['the same boot id', { bootId: 'x' }, { bootId: 'x' }],
    ['both', { machineId: A, bootId: 'x' }, { machineId: A, bootId: 'x' }],
    ['one of them, where the other is not known', { machineId: A, bootId: '' }, { machineId: A, bootId: 'x' }],
  ])('is told by %s', (_what, expected, found) => {
    expect(() => {
      refuseOtherMachine({ ...node, ...expected }, factsOf(found));
    }).not.toThrow();
  });

  it.each([
    ['another machine id', 'node-differs', { machineId: A }, { machineId: B }],
    [
      'a clone, which booted at another time',
      'node-differs',
      { machineId: A, bootId: 'x' },
      { machineId: A, bootId: 'y' },
    ],
    ['nothing known of the node', 'node-unproven', {}, { machineId: A, bootId: 'x' }],
    ['nothing known of the machine', 'node-unproven', { machineId: A, bootId: 'x' }, {}],
    ['nothing in common', 'node-unproven', { machineId: A }, { bootId: 'x' }],
  ])('is refused for %s', (_what, subject, expected, found) => {
    expect(() => {
      refuseOtherMachine({ ...node, ...expected }, factsOf(found));
    }).toThrow(expect.objectContaining({ code: 'NODE_ACCESS_REFUSED', subject }) as Error);
  });
});
