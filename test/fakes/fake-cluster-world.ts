import type { ApiResource, ContainerTarget, PodTarget } from '../../src/model/target.js';
import type { FakeAnswer, FakeHandler, FakeRequest } from './fake-cluster.js';
import { fakeNode, fakeTargets } from './fake-cluster-run.js';

/** A small cluster that answers everything the collectors ask for, honestly. Times lie before the fake's `Date`. */

export const json = (value: unknown, status = 200): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

export const status = (code: number, message: string): FakeAnswer =>
  json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code }, code);

export const listOf = (items: readonly unknown[], metadata: Record<string, unknown> = {}): FakeAnswer =>
  json({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '7', ...metadata }, items });

export const object = (name: string, namespace = ''): unknown => ({
  metadata: { name, namespace, uid: `uid-of-${name}`, resourceVersion: '5', creationTimestamp: '2026-03-04T05:00:00Z' },
});

export const resource = (group: string, name: string, more: Partial<ApiResource> = {}): ApiResource => ({
  group,
  version: 'v1',
  resource: name,
  kind: name,
  namespaced: true,
  verbs: ['get', 'list'],
  delegated: false,
  ...more,
});

export const POD_UID = '11111111-2222-4333-8444-555555555555';
export const LOG = '2026-03-04T05:06:01.000000001Z one\n2026-03-04T05:06:02.000000001Z two\n';

const running = (name: string, role: ContainerTarget['role'], hasPrevious = false): ContainerTarget => ({
  name,
  role,
  containerId: `containerd://${name}-2`,
  restartCount: hasPrevious ? 1 : 0,
  state: 'running',
  stateReason: '',
  hasPrevious,
});

export const POD: PodTarget = {
  namespace: 'shop',
  name: 'web-0',
  uid: POD_UID,
  node: 'node-1',
  phase: 'Running',
  containers: [running('setup', 'init'), running('app', 'main', true), running('debugger', 'ephemeral')],
};

export interface ContainerFacts {
  readonly containerId?: string;
  readonly previousId?: string;
  readonly restartCount?: number;
}

/** The pod as the API shows it; `facts` override those of the container `app`. */
export function podObject(facts: ContainerFacts = {}, uid = POD_UID): unknown {
  const app = {
    name: 'app',
    containerID: facts.containerId ?? 'containerd://app-2',
    restartCount: facts.restartCount ?? 1,
    lastState: { terminated: { containerID: facts.previousId ?? 'containerd://app-1' } },
  };
  const other = (name: string) => [{ name, containerID: `containerd://${name}-2`, restartCount: 0, lastState: {} }];
  return {
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'shop', uid },
    status: {
      containerStatuses: [app],
      initContainerStatuses: other('setup'),
      ephemeralContainerStatuses: other('debugger'),
    },
  };
}

export const listing = (...hrefs: string[]): FakeAnswer => ({
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${hrefs.map((href) => `<a href="${href}">x</a>\n`).join('')}</pre>\n`,
});

export const file = (body: string): FakeAnswer => ({
  headers: { 'content-length': String(Buffer.byteLength(body)) },
  body,
});

const METRICS = '# TYPE up gauge\nup{node="a b"} 1\n';
const FIXED: Readonly<Record<string, FakeAnswer>> = {
  '/version': json({ major: '1', minor: '34' }),
  '/api': json({ kind: 'APIVersions' }),
  '/apis': json({ kind: 'APIGroupList' }),
  '/readyz': { body: '[+]ping ok\nreadyz check passed\n' },
  '/api/v1/namespaces/kube-system': json({ kind: 'Namespace', metadata: { uid: 'cluster-uid' } }),
  '/apis/authentication.k8s.io/v1/selfsubjectreviews': json({ kind: 'SelfSubjectReview', status: {} }, 201),
};
const KUBELET: Readonly<Record<string, FakeAnswer>> = {
  'pods': json({ kind: 'PodList', items: [] }),
  'stats/summary': json({ node: { nodeName: 'node-1' }, pods: [] }),
  'configz': json({ kubeletconfig: {} }),
  'healthz': { body: 'ok' },
  'metrics': { body: METRICS },
  'metrics/cadvisor': { body: METRICS },
  'metrics/resource': { body: METRICS },
  'logs/': listing('syslog', 'pods/'),
  'logs/pods/': listing('a.log'),
  'logs/syslog': file('hello\n'),
  'logs/pods/a.log': file('world\n'),
};
const SECRETS_TABLE = json({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata: { resourceVersion: '7' },
  columnDefinitions: ['Name', 'Type', 'Data', 'Age'].map((name) => ({ name })),
  rows: [{ cells: ['token', 'Opaque', 2, '5d'], object: null }],
});

function answerKubelet(path: string, request: FakeRequest): FakeAnswer {
  if (path === 'logs/' && request.query.has('query'))
    return { body: `log not found for ${request.query.get('query') ?? ''}\n` };
  return KUBELET[path] ?? { status: 404, body: '404 page not found\n' };
}

export const honestCluster: FakeHandler = (request) => {
  const fixed = FIXED[request.path];
  if (fixed !== undefined) return fixed;
  const kubelet = /^\/api\/v1\/nodes\/[^/]+\/proxy\/(.*)$/.exec(request.path)?.[1];
  if (kubelet !== undefined) return answerKubelet(kubelet, request);
  if (request.path.endsWith('/log')) return { body: LOG };
  if (/\/pods\/[^/]+$/.test(request.path)) return json(podObject());
  if (request.path.endsWith('/secrets')) return SECRETS_TABLE;
  return listOf([object('one', 'shop'), object('two', 'shop')]);
};

export const WORLD_RESOURCES: readonly ApiResource[] = [
  resource('', 'configmaps'),
  resource('', 'events'),
  resource('', 'nodes', { namespaced: false }),
  resource('', 'secrets'),
  resource('apps', 'deployments'),
  resource('events.k8s.io', 'events'),
  resource('metrics.k8s.io', 'pods', { version: 'v1beta1', delegated: true }),
];

export const worldTargets = () =>
  fakeTargets({
    nodes: [fakeNode('node-1'), fakeNode('node-2')],
    namespaces: ['kube-system', 'shop'],
    resources: WORLD_RESOURCES,
    podList: [POD],
  });
