const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const FIXED = ['/', '/version', '/api', '/apis', '/healthz', '/livez', '/readyz', '/readyz?verbose', '/openid/v1/jwks'];

/** One answer of the scenario. `accept` is only given where the answer depends on it. */
export function answerOf({ target, accept }, answer, body) {
  return {
    path: target,
    ...(accept === undefined ? {} : { accept }),
    status: answer.status,
    headers: answer.headers,
    chunked: answer.chunked,
    body,
  };
}

function listable(groupVersion, document) {
  return document.resources
    .filter((resource) => resource.verbs.includes('list'))
    .map(({ name, kind, namespaced }) => ({ groupVersion, resource: name, kind, namespaced }));
}

/** Every discovery document, the old ones and the aggregated two, and the resources that can be listed. */
export async function recordDiscovery(connection, store) {
  const answers = [];
  const resources = [];
  const take = async (target, accept) => {
    const answer = await connection.get(target, accept === undefined ? {} : { accept });
    answers.push(
      answerOf({ target, accept }, answer, store.keep(`${target}${accept ? '-aggregated' : ''}`, answer.body)),
    );
    return answer.status === 200 ? answer.body.toString() : undefined;
  };
  for (const target of FIXED) await take(target);
  await take('/api', AGGREGATED);
  await take('/apis', AGGREGATED);
  resources.push(...listable('v1', JSON.parse(await take('/api/v1'))));
  const { groups } = JSON.parse((await connection.get('/apis')).body.toString());
  for (const group of groups) {
    await take(`/apis/${group.name}`);
    for (const { groupVersion } of group.versions) {
      const document = await take(`/apis/${groupVersion}`);
      if (document !== undefined) resources.push(...listable(groupVersion, JSON.parse(document)));
    }
  }
  return { answers, resources };
}
