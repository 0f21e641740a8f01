import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePod } from './compare-pod.js';
import { collectorPodOf } from './pod-spec.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const sent = collectorPodOf({
  settings: {
    image: `registry.example/collector@${DIGEST}`,
    imagePresent: false,
    pullSecrets: [],
    namespace: 'exhibit-collector',
    deadlineSeconds: 7200,
  },
  namespace: 'exhibit-collector',
  name: 'exhibit-k7m2p9-abcdefgh',
  node: 'node1',
  caseToken: 'k7m2p9',
});

type Json = Record<string, unknown>;
/** As a 1.34 server answers: its own metadata, its defaults, a status. */
function admitted(change: (pod: Json & { spec: Json; metadata: Json }) => void = () => undefined): unknown {
  const pod = structuredClone(sent) as unknown as Json & { spec: Json; metadata: Json };
  Object.assign(pod.metadata, {
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: 't',
    managedFields: [],
  });
  Object.assign(pod.spec, { serviceAccount: 'default', priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  pod['status'] = { phase: 'Pending' };
  change(pod);
  return pod;
}
const container = (pod: Json & { spec: Json }): Json => (pod.spec['containers'] as Json[])[0] ?? {};
const paths = (pod: unknown, stage: 'admitted' | 'running' = 'admitted'): string[] =>
  comparePod(sent, pod, stage).changes.map(({ path }) => path);

describe('a pod as it was admitted', () => {
  it('is as it was sent when only the server filled in', () => {
    const { changes, defaults } = comparePod(sent, admitted(), 'admitted');
    expect(changes).toEqual([]);
    expect(defaults.map(({ path }) => path)).toEqual(['spec.preemptionPolicy', 'spec.priority', 'spec.serviceAccount']);
  });

  it.each<[string, (pod: Json & { spec: Json; metadata: Json }) => void]>([
    ['spec.containers[1]', (pod) => (pod.spec['containers'] as Json[]).push({ name: 'sidecar', image: 'evil' })],
    ['spec.initContainers', (pod) => (pod.spec['initContainers'] = [{ name: 'first' }])],
    ['spec.ephemeralContainers', (pod) => (pod.spec['ephemeralContainers'] = [{ name: 'debugger' }])],
    ['spec.containers[0].image', (pod) => (container(pod)['image'] = 'registry.example/other@x')],
    ['spec.containers[0].env', (pod) => (container(pod)['env'] = [{ name: 'LD_PRELOAD', value: '/x' }])],
    ['spec.containers[0].command[1]', (pod) => ((container(pod)['command'] as string[])[1] = '1')],
    ['spec.containers[0].args', (pod) => (container(pod)['args'] = ['x'])],
    [
      'spec.containers[0].volumeMounts[0].readOnly',
      (pod) =>
        ((container(pod)['volumeMounts'] as Json[])[0] = {
          name: 'host',
          mountPath: '/host',
          recursiveReadOnly: 'IfPossible',
        }),
    ],
    ['spec.volumes[2]', (pod) => (pod.spec['volumes'] as Json[]).push({ name: 'token', projected: {} })],
    ['spec.nodeName', (pod) => (pod.spec['nodeName'] = 'node2')],
    ['spec.hostNetwork', (pod) => (pod.spec['hostNetwork'] = true)],
    ['spec.priority', (pod) => (pod.spec['priority'] = 2_000_001_000)],
    ['spec.priority', (pod) => (pod.spec['priority'] = 'high')],
    ['spec.serviceAccount', (pod) => (pod.spec['serviceAccount'] = 'admin')],
    ['spec.automountServiceAccountToken', (pod) => (pod.spec['automountServiceAccountToken'] = true)],
    ['spec.imagePullSecrets', (pod) => (pod.spec['imagePullSecrets'] = [{ name: 'a', key: 'b' }])],
    ['spec.containers[0].imagePullPolicy', (pod) => (container(pod)['imagePullPolicy'] = 'Never')],
    ['metadata.finalizers', (pod) => (pod.metadata['finalizers'] = ['x/y'])],
    ['metadata.ownerReferences', (pod) => (pod.metadata['ownerReferences'] = [{}])],
    ['metadata.labels["team"]', (pod) => ((pod.metadata['labels'] as Json)['team'] = 'x')],
    [
      'metadata.annotations["sidecar.example/status"]',
      (pod) => ((pod.metadata['annotations'] as Json)['sidecar.example/status'] = 'injected'),
    ],
    ['metadata.name', (pod) => (pod.metadata['name'] = 'other')],
    ['kind', (pod) => (pod['kind'] = 'Status')],
  ])('shows a change of %s', (path, change) => {
    expect(paths(admitted(change))).toContain(path.replace(/\["team"\]/, '.team'));
  });

  it.each<[string, (pod: Json & { spec: Json; metadata: Json }) => void]>([
    [
      'a default priority class',
      (pod) => Object.assign(pod.spec, { priority: 1000, priorityClassName: 'usual', preemptionPolicy: 'Never' }),
    ],
    ["the account's pull secrets", (pod) => (pod.spec['imagePullSecrets'] = [{ name: 'registry' }])],
    ['AlwaysPullImages', (pod) => (container(pod)['imagePullPolicy'] = 'Always')],
    [
      'a server that knows no recursive read-only mounts',
      (pod) => {
        (container(pod)['volumeMounts'] as Json[])[0] = { name: 'host', mountPath: '/host', readOnly: true };
      },
    ],
    ['the zone of the node', (pod) => ((pod.metadata['labels'] as Json)['topology.kubernetes.io/zone'] = 'a')],
  ])('takes %s for what it is', (_, change) => {
    expect(paths(admitted(change))).toEqual([]);
  });

  it('may get annotations of networks and runtimes while it runs, and nothing else', () => {
    const pod = admitted(({ metadata }) => ((metadata['annotations'] as Json)['cni.example/ip'] = '10.0.0.1'));
    expect(paths(pod)).toHaveLength(1);
    expect(paths(pod, 'running')).toEqual([]);
    expect(
      paths(
        admitted(({ spec }) => (spec['ephemeralContainers'] = [{}])),
        'running',
      ),
    ).toEqual(['spec.ephemeralContainers']);
  });

  it('cannot be told apart by nothing: any JSON that is not the pod has changes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(comparePod(sent, value, 'admitted').changes.length).toBeGreaterThan(0);
      }),
    );
  });

  it('shows any field that somebody adds below spec', () => {
    const known = ['serviceAccount', 'priority', 'preemptionPolicy', 'priorityClassName', ...Object.keys(sent.spec)];
    fc.assert(
      fc.property(
        fc
          .string({ minLength: 1 })
          .filter((name) => !known.includes(name) && name !== 'imagePullSecrets' && name !== '__proto__'),
        fc.jsonValue().filter((value) => value !== null),
        (name, value) => {
          expect(
            paths(admitted(({ spec }) => Object.defineProperty(spec, name, { value, enumerable: true }))),
          ).toHaveLength(1);
        },
      ),
    );
  });
});
