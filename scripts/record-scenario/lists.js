const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

function header(answer, name) {
  return answer.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The Tables of Secrets, one for each namespace, since a row without its object does not say which it belongs to. */
async function recordSecrets(connection, store) {
  const { items } = JSON.parse((await connection.get('/api/v1/namespaces')).body.toString());
  const tables = [];
  for (const namespace of items.map((item) => item.metadata.name)) {
    const target = `/api/v1/namespaces/${namespace}/secrets?includeObject=None`;
    const answer = await connection.get(target, { accept: TABLE });
    const table = JSON.parse(answer.body.toString());
    if (table.kind !== 'Table' || (table.rows ?? []).some((row) => row.object !== undefined && row.object !== null)) {
      throw new Error(`not a Table without objects: ${target}`);
    }
    tables.push({ namespace, file: store.write(`secrets/${namespace}.table`, answer.body) });
  }
  return tables;
}

/** Every list whole, in one answer, but Secrets. */
export async function recordLists(connection, store, resources) {
  const lists = [];
  let flow = [];
  for (const { groupVersion, resource, kind, namespaced } of resources) {
    const root = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
    if (groupVersion === 'v1' && resource === 'secrets') continue;
    const answer = await connection.get(`${root}/${resource}`);
    if (answer.status !== 200) throw new Error(`${root}/${resource}: ${answer.status}`);
    const file = `lists/${groupVersion === 'v1' ? 'core.v1' : groupVersion.replace('/', '.')}.${resource}.list`;
    lists.push({ groupVersion, resource, kind, namespaced, file: store.write(file, answer.body) });
    flow = ['X-Kubernetes-Pf-Flowschema-Uid', 'X-Kubernetes-Pf-Prioritylevel-Uid']
      .map((name) => [name, header(answer, name.toLowerCase())])
      .filter(([, value]) => value !== undefined);
  }
  return { lists, secrets: await recordSecrets(connection, store), flow };
}
