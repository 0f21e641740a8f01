function containersOf(pod) {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec;
  return [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name);
}

/** What the API says for each container of each pod, now and before its last restart, errors included. With timestamps. */
export async function recordLogs(connection, store, pods) {
  const logs = [];
  for (const pod of pods) {
    const { namespace, name } = pod.metadata;
    for (const container of containersOf(pod)) {
      for (const previous of [false, true]) {
        const query = `container=${container}&timestamps=true${previous ? '&previous=true' : ''}`;
        const target = `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`;
        const answer = await connection.get(target, { maxBytes: store.maxLogBytes });
        const label = `${namespace}/${name}/${container}/${previous ? 'previous' : 'current'}`;
        const { status, headers, chunked } = answer;
        logs.push({
          namespace,
          pod: name,
          container,
          previous,
          status,
          headers,
          chunked,
          body: store.keepLog(label, answer),
        });
      }
    }
  }
  return logs;
}
