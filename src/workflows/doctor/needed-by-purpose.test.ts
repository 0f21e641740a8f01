import { describe, expect, it } from 'vitest';
import { mergedByPurpose, neededForCollectorPod, neededToContain } from './needed-by-purpose.js';

const groupsOf = (...[target, groups]: Parameters<typeof neededToContain>) =>
  new Set(neededToContain(target, groups).map(({ apiGroup }) => apiGroup));

describe('the rights to contain', () => {
  it('are not needed on what the server does not serve, and are when nobody knows', () => {
    expect([...groupsOf(null, ['apps', 'networking.k8s.io'])].sort()).toEqual(['', 'apps', 'networking.k8s.io']);
    expect(groupsOf(null, null)).toContain('cilium.io');
  });

  it('are needed in the namespace of a pod, and on nodes in the whole cluster', () => {
    const rights = neededToContain({ kind: 'pod', namespace: 'shop', name: 'cart' }, []);
    const places = (resource: string) =>
      new Set(rights.filter((right) => right.resource === resource).flatMap(({ namespaces }) => [...namespaces]));
    expect(places('pods')).toEqual(new Set(['shop']));
    expect(places('nodes')).toEqual(new Set(['']));
    const ofNode = neededToContain({ kind: 'node', name: 'worker' }, []);
    expect(ofNode.every(({ namespaces }) => namespaces.has(''))).toBe(true);
  });
});

describe('the rights to run collector pods', () => {
  it('are of the namespace where it is there, and of the cluster where it is to be made', () => {
    const named = (isThere: boolean) =>
      neededForCollectorPod('ns', isThere).map(
        ({ verb, resource, namespaces }) => `${verb} ${resource} ${[...namespaces].join()}`,
      );
    expect(named(true)).toContain('create pods ns');
    expect(named(true)).not.toContain('create namespaces ');
    expect(named(false)).toContain('create namespaces ');
    expect(named(false)).toContain('create pods ');
  });
});

describe('rights for several purposes', () => {
  it('are asked about once, for all their places', () => {
    const right = (namespace: string) => ({
      ...{ verb: 'get', apiGroup: '', resource: 'pods', nonResourceUrl: '', why: 'w' },
      namespaces: new Set([namespace]),
    });
    const [merged, ...more] = mergedByPurpose([
      ['collect', [right('a')]],
      ['quarantine', [right('b')]],
    ]);
    expect(more).toEqual([]);
    expect([merged?.right.namespaces, merged?.purposes]).toEqual([
      new Set(['a', 'b']),
      new Set(['collect', 'quarantine']),
    ]);
  });
});
