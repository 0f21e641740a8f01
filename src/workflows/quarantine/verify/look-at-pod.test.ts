import { describe, expect, it } from 'vitest';
import { ProbeNode } from '../../../../test/fakes/probe-node.js';
import type { Suspect } from '../read-scene.js';
import { flowsOf, locatePod } from './look-at-pod.js';

const SUSPECT: Suspect = {
  ...{ namespace: 'shop', name: 'cart', uid: '11111111-2222-4333-8444-555555555555', node: 'worker', object: {} },
  ...{ kind: 'bare', owner: null, ownerSelector: undefined, services: [], moreServices: 0, selectorKeys: [] },
};
const { signal } = new AbortController();

const nodeWith = (count: number) => {
  const processes = Array.from(
    { length: count },
    (_, at) => `process\t${String(70 + at)}/ns/net\t${String(900 + at)}\n`,
  );
  const text = `own\t3\nfirst\t1\n${processes.join('')}`;
  return new ProbeNode({ answering: () => 'connected 0', instead: { 'probe-processes': text } });
};

describe('a suspect with many network namespaces', () => {
  it('is said not to be looked at as a whole, and its connections not to be known', async () => {
    const node = nodeWith(6);
    const place = await locatePod(SUSPECT, node, signal);
    expect(place).toMatchObject({ moreNamespaces: 2, isInHostNetwork: false });
    expect(place.namespaces).toHaveLength(4);
    expect(await flowsOf(place, node, signal)).toBeNull();
    expect(node.ran).not.toContain('probe-flows');
  });

  it('is looked at as a whole with a few', async () => {
    expect(await locatePod(SUSPECT, nodeWith(4), signal)).toMatchObject({ moreNamespaces: 0 });
  });
});
