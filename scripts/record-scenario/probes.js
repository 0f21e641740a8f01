const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const token = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function logTargets(pods) {
  const bySecond = (line) => line.slice(0, 19) + 'Z';
  const targets = [];
  const log = (namespace, pod, query) =>
    targets.push({ path: `/api/v1/namespaces/${namespace}/pods/${pod}/log${query}` });
  const quiet = 'exhibit-quiet';
  const started = pods.find((pod) => pod.metadata.name === 'mixed').status.containerStatuses[0].state.running.startedAt;
  const second = Math.floor(Date.parse(started) / 1000);
  for (const query of [
    '',
    '?container=streams',
    '?container=nope',
    '?container=silent',
    '?container=streams&previous=true',
  ]) {
    log(quiet, 'mixed', query);
  }
  for (const offset of [-1, 0, 1, 2, 600]) {
    const since = bySecond(new Date((second + offset) * 1000).toISOString());
    log(quiet, 'mixed', `?container=streams&timestamps=true&sinceTime=${since}`);
    log(quiet, 'mixed', `?container=streams&sinceTime=${since.replace('Z', '.999Z')}`);
  }
  for (const query of [
    'tailLines=0',
    'tailLines=3',
    'tailLines=1000',
    'tailLines=-1',
    'limitBytes=1',
    'limitBytes=100',
  ]) {
    log(quiet, 'mixed', `?container=streams&timestamps=true&${query}`);
  }
  for (const query of [
    'limitBytes=0',
    'limitBytes=x',
    'tailLines=2&limitBytes=10',
    'sinceTime=zzz',
    'sinceSeconds=0',
  ]) {
    log(quiet, 'mixed', `?container=streams&${query}`);
  }
  log(quiet, 'mixed', '?container=streams&sinceTime=2026-01-01T00:00:00Z&sinceSeconds=3');
  log(quiet, 'mixed', '?container=streams&sinceSeconds=1');
  for (const query of [
    '?container=binary',
    '?container=binary&timestamps=true',
    '?container=wide&tailLines=2',
    '?container=wide&tailLines=9',
  ]) {
    log(quiet, 'bytes', query);
  }
  for (const query of ['', '?container=prepare', '?container=prepare&previous=true']) log(quiet, 'initialised', query);
  log(quiet, 'nope', '');
  for (const pod of ['absent', 'half-absent', 'unschedulable', 'stuck', 'debugged']) log('exhibit-difficult', pod, '');
  for (const name of ['app', 'wait']) log('exhibit-difficult', 'stuck', `?container=${name}`);
  log('exhibit-difficult', 'half-absent', '?container=absent');
  log('exhibit-difficult', 'debugged', '?container=debugger');
  return targets;
}

function listTargets() {
  const targets = [];
  const list = (target, accept) => targets.push({ path: target, ...(accept ? { accept } : {}) });
  const widgets = '/apis/quiet.exhibit.test/v1/widgets';
  const configMaps = '/api/v1/configmaps';
  const start = 'exhibit-quiet/settings\u0000';
  for (const query of ['', '?limit=1', '?limit=2', '?limit=500', '?limit=-1', '?limit=abc']) list(configMaps + query);
  for (const query of ['', '?limit=1', '?limit=2']) list(widgets + query);
  list(`${configMaps}?limit=1&continue=${token({ v: 'meta.k8s.io/v1', rv: -1, start })}`);
  for (const bad of [
    'xx',
    '!!!!',
    token({ v: 'v9', rv: 5, start }),
    token({ v: 'meta.k8s.io/v1', rv: 0, start }),
    token({ v: 'meta.k8s.io/v1', rv: 5, start: '' }),
  ]) {
    list(`${configMaps}?limit=1&continue=${encodeURIComponent(bad)}`);
  }
  list(`${configMaps}?limit=1&continue=${token({ v: 'meta.k8s.io/v1', rv: 5, start: '../x\u0000' })}`);
  // A version that the server dropped long ago: 410, with a token to go on with.
  const old = token({ v: 'meta.k8s.io/v1', rv: 5, start });
  for (const target of [configMaps, widgets]) list(`${target}?limit=1&continue=${old}`);
  list('/api/v1/namespaces/exhibit-quiet/configmaps?limit=1');
  list('/api/v1/namespaces/nope/configmaps');
  list('/api/v1/namespaces/exhibit-quiet/configmaps?fieldSelector=metadata.name%3Dsettings&limit=1');
  list('/api/v1/configmaps?fieldSelector=metadata.namespace%3Dexhibit-quiet,metadata.name!%3Dsettings');
  for (const field of ['spec.nodeName%3Dnode1', 'spec.nodeName%3Dnope', 'status.phase%3DPending', 'spec.foo%3Dnode1']) {
    list(`/api/v1/namespaces/exhibit-quiet/pods?fieldSelector=${field}&limit=1`);
  }
  for (const group of ['/api/v1', '/apis/events.k8s.io/v1']) {
    list(
      `${group}/namespaces/exhibit-quiet/events?fieldSelector=involvedObject.name%3Dmixed,reason%3DCreated&limit=500`,
    );
  }
  list('/api/v1/namespaces?fieldSelector=status.phase%3DTerminating');
  list('/api/v1/namespaces/exhibit-quiet/pods?labelSelector=app%3Dweb&limit=1');
  return targets;
}

function objectTargets() {
  const targets = [];
  const list = (target, accept) => targets.push({ path: target, ...(accept ? { accept } : {}) });
  const configMaps = '/api/v1/configmaps';
  list('/api/v1/namespaces/exhibit-quiet/configmaps/settings');
  list('/api/v1/namespaces/exhibit-quiet/pods/mixed');
  list('/api/v1/namespaces/exhibit-quiet');
  list('/apis/quiet.exhibit.test/v1/namespaces/exhibit-quiet/widgets/second');
  list('/apis/quiet.exhibit.test/v1alpha1/namespaces/exhibit-quiet/widgets/second');
  list('/apis/apps/v1/namespaces/exhibit-quiet/deployments/web');
  for (const target of [
    '/api/v1/secrets',
    '/api/v1/namespaces/exhibit-quiet/secrets',
    '/api/v1/namespaces/nope/secrets',
  ]) {
    list(`${target}?includeObject=None`, TABLE);
    list(`${target}?includeObject=None&limit=1`, TABLE);
  }
  const log = '/api/v1/namespaces/exhibit-quiet/pods/mixed/log?container=streams';
  const kubelet = '/api/v1/nodes/node1/proxy';
  for (const target of [
    configMaps,
    log,
    '/version',
    '/apis',
    `${kubelet}/logs/`,
    `${kubelet}/pods`,
    `${kubelet}/stats/summary`,
  ]) {
    list(target, 'text/plain');
  }
  list(log, '*/*');
  for (const target of ['logs/', 'logs/nope', 'logs/?query=kubelet']) list(`${kubelet}/${target}`, 'application/json');
  for (const target of ['logs', 'logs/nope', 'nope', 'healthz', 'checkpoint/a/b/c', 'configz'])
    list(`${kubelet}/${target}`, '*/*');
  return targets;
}

const REFUSED = [
  '/nope',
  '/apis/nope',
  '/apis/nope/v1',
  '/apis/nope/v1/x',
  '/apis/apps/v9',
  '/apis/apps/v1/nope',
  '/api/v1/nope',
  '/api/v2',
  '/apis/quiet.exhibit.test/v1/nope',
  '/apis/quiet.exhibit.test/v2/widgets',
  '/api/v1/namespaces/default/nodes',
  '/api/v1/namespaces/nope',
  '/api/v1/namespaces/exhibit-quiet/pods/nope',
  '/apis/apps/v1/namespaces/exhibit-quiet/deployments/nope',
  '/apis/quiet.exhibit.test/v1/namespaces/exhibit-quiet/widgets/nope',
  '/api/v1/nodes/nope',
  '/api/v1/nodes/nope/proxy/configz',
  '/api/v1/namespaces/exhibit-quiet/pods/mixed/nope',
  '/version/x',
  ACCESS,
];

function writes() {
  const target = '/api/v1/namespaces/default/pods';
  const review = (spec) => ({ kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec });
  const post = (path, send) => ({ method: 'POST', path, send: JSON.stringify(send) });
  return [
    post(target, {}),
    post('/apis/apps/v1/namespaces/default/deployments', {}),
    post('/version', {}),
    post('/nope', {}),
    post('/api/v1/nodes/node1/proxy/checkpoint/a/b/c', {}),
    { method: 'DELETE', path: '/api/v1/pods' },
    { method: 'DELETE', path: `${target}/nope` },
    { method: 'PUT', path: `${target}/nope`, send: '{}' },
    { path: '/api/v1/pods', headers: { 'Impersonate-User': 'viewer' } },
    post(ACCESS, review({ resourceAttributes: { verb: 'list', resource: 'pods' } })),
    post(
      ACCESS,
      review({ resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'log', namespace: 'default' } }),
    ),
    post(ACCESS, review({ resourceAttributes: { verb: 'create', resource: 'pods', namespace: 'default' } })),
    post(
      ACCESS,
      review({ resourceAttributes: { verb: 'list', group: 'apps', resource: 'deployments', namespace: 'default' } }),
    ),
    post(ACCESS, review({ nonResourceAttributes: { verb: 'get', path: '/logs' } })),
    post(ACCESS, review({ nonResourceAttributes: { verb: 'post', path: '/logs' } })),
    post(ACCESS, review({})),
  ];
}

/** Questions with the real answers, for the test that compares the sandbox with them. */
export async function recordProbes(connection, pods) {
  const probes = [];
  const targets = [
    ...REFUSED.map((path) => ({ path })),
    ...listTargets(),
    ...objectTargets(),
    ...logTargets(pods),
    ...writes(),
  ];
  for (const { path, method, accept, headers, send } of targets) {
    const answer = await connection.call(path, { method, accept, headers, send });
    const text = answer.body.toString('utf8');
    const body = Buffer.from(text).equals(answer.body) ? { text } : { base64: answer.body.toString('base64') };
    const question = {
      path,
      ...(method ? { method } : {}),
      ...(accept ? { accept } : {}),
      ...(headers ? { headers } : {}),
      ...(send ? { send } : {}),
    };
    probes.push({ ...question, status: answer.status, answerHeaders: answer.headers, chunked: answer.chunked, body });
  }
  return probes;
}
