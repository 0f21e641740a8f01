import type { NodeFacts } from '../../src/ports/node-access.js';

/** Facts of a live node with nothing special about it, but for what is given. */
export function nodeFacts(given: Partial<NodeFacts> = {}): NodeFacts {
  return {
    rung: 'local',
    vantage: 'live-kernel',
    node: 'n',
    machine: null,
    kernel: null,
    root: '',
    processes: true,
    capabilities: [],
    tools: {},
    degraded: [],
    ...given,
  };
}
