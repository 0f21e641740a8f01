import { answerOf } from './discovery.js';

/** Under /logs the kubelet refuses whoever names a type. */
const accept = '*/*';

const ENDPOINTS = [
  'healthz',
  'configz',
  'pods',
  'runningpods/',
  'stats/summary',
  'metrics',
  'metrics/cadvisor',
  'metrics/resource',
  'metrics/probes',
  'logs/?query=kubelet',
  'logs/?query=containerd',
  'checkpoint/default/nope/nope',
];

async function recordTree(root, folder, { connection, store }) {
  const answers = [];
  const take = async (target) => {
    const answer = await connection.get(target, { accept, maxBytes: store.maxNodeFileBytes });
    answers.push(
      answerOf({ target }, answer, store.keepLog(target.slice('/api/v1/nodes/'.length).replace('/proxy', ''), answer)),
    );
    return answer;
  };
  const listing = await take(folder);
  if (folder !== root) await take(folder.slice(0, -1));
  for (const [, href] of listing.body.toString().matchAll(/<a href="([^"]*)">/g)) {
    if (href.endsWith('/')) answers.push(...(await recordTree(root, folder + href, { connection, store })));
    else await take(folder + href);
  }
  return answers;
}

/** What the kubelets say through the API server's proxy, and the whole tree under /logs/. */
export async function recordKubelets(connection, store, nodes) {
  const answers = [];
  for (const node of nodes) {
    const root = `/api/v1/nodes/${node}/proxy/`;
    for (const endpoint of ENDPOINTS) {
      const maxBytes = endpoint.startsWith('logs/') ? store.maxNodeFileBytes : Infinity;
      const answer = await connection.get(root + endpoint, { accept, maxBytes });
      answers.push(answerOf({ target: root + endpoint }, answer, store.keepLog(`${node}/${endpoint}`, answer)));
    }
    const redirect = await connection.get(`${root}logs`, { accept });
    answers.push(answerOf({ target: `${root}logs` }, redirect, store.keep('logs', redirect.body)));
    answers.push(...(await recordTree(`${root}logs/`, `${root}logs/`, { connection, store })));
  }
  return answers;
}
