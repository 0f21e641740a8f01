/**
 * Records a scenario of the sandbox from a real cluster. A tool of development; reads only.
 * usage: node scripts/record-scenario.js --kubeconfig FILE --out FOLDER [--probes FILE] [--replace ENVIRONMENT_NAME=TEXT]...
 *                                        [--max-log-bytes N] [--max-node-file-bytes N] [--note TEXT]
 * Bodies are kept byte for byte. What was cut, replaced or left out is listed in scenario.json. Values of Secrets are never asked for.
 * `--replace NAME=TEXT` puts TEXT wherever the value of the environment variable NAME stands in a body or a header.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { BodyStore } from './record-scenario/body-store.js';
import { openConnection } from './record-scenario/connection.js';
import { recordDiscovery } from './record-scenario/discovery.js';
import { recordKubelets } from './record-scenario/kubelets.js';
import { recordLists } from './record-scenario/lists.js';
import { recordLogs } from './record-scenario/logs.js';
import { recordProbes } from './record-scenario/probes.js';

const { values } = parseArgs({
  options: {
    'kubeconfig': { type: 'string' },
    'out': { type: 'string' },
    'probes': { type: 'string' },
    'replace': { type: 'string', multiple: true, default: [] },
    'max-log-bytes': { type: 'string', default: '65536' },
    'max-node-file-bytes': { type: 'string', default: '65536' },
    'note': { type: 'string', default: '' },
  },
});
if (values.kubeconfig === undefined || values.out === undefined) {
  console.error('needs --kubeconfig and --out');
  process.exit(2);
}

const replacements = values.replace.map((entry) => {
  const [name, to] = entry.split('=', 2);
  const from = process.env[name];
  if (!from || to === undefined) throw new Error(`--replace ${entry}: ${name} is not set, or no text is given`);
  return { name, from, to, count: 0 };
});

async function writeJson(file, value) {
  const options = (await prettier.resolveConfig(file)) ?? {};
  writeFileSync(file, await prettier.format(JSON.stringify(value), { ...options, parser: 'json' }));
}

const connection = openConnection(values.kubeconfig, replacements);
// The old recording stays until the new one is whole.
const out = `${values.out}.part`;
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const store = new BodyStore(out, {
  maxLogBytes: Number(values['max-log-bytes']),
  maxNodeFileBytes: Number(values['max-node-file-bytes']),
});

const version = JSON.parse((await connection.get('/version')).body.toString());
const review = async (kind, group, spec) => {
  const body = { kind, apiVersion: `${group}/v1`, ...(spec === undefined ? {} : { spec }) };
  return JSON.parse((await connection.post(`/apis/${group}/v1/${kind.toLowerCase()}s`, body)).body.toString());
};
const identity = (await review('SelfSubjectReview', 'authentication.k8s.io')).status.userInfo;
const rules = (await review('SelfSubjectRulesReview', 'authorization.k8s.io', { namespace: 'default' })).status;
const access = await review('SelfSubjectAccessReview', 'authorization.k8s.io', {
  resourceAttributes: { verb: 'list', resource: 'pods' },
});

const { answers, resources } = await recordDiscovery(connection, store);
const { lists, secrets, flow } = await recordLists(connection, store, resources);
const pods = JSON.parse((await connection.get('/api/v1/pods')).body.toString()).items;
const logs = await recordLogs(connection, store, pods);
const nodes = JSON.parse((await connection.get('/api/v1/nodes')).body.toString()).items.map(
  (node) => node.metadata.name,
);
answers.push(...(await recordKubelets(connection, store, nodes)));

await writeJson(path.join(out, 'scenario.json'), {
  format: 'exhibit-sandbox/1',
  recordedAt: new Date().toISOString(),
  kubernetes: version.gitVersion,
  note: values.note,
  replaced: replacements.map(({ name, to, count }) => ({ from: `$${name}`, to, count })),
  shortened: store.shortened,
  leftOut: ['Secrets but for the columns of their Table', '/openapi', '/metrics of the API server'],
  identity: { username: identity.username, groups: identity.groups },
  allowedBecause: access.status.reason ?? '',
  rules: { resourceRules: rules.resourceRules, nonResourceRules: rules.nonResourceRules },
  flow,
  lists,
  secrets,
  logs,
  answers,
});
if (values.probes !== undefined) await writeJson(values.probes, await recordProbes(connection, pods, nodes));
connection.close();
rmSync(values.out, { recursive: true, force: true });
renameSync(out, values.out);
console.error(
  `${lists.length} lists, ${logs.length} logs, ${answers.length} answers, ${store.sizeBytes} bytes of bodies`,
);
for (const { name, count } of replacements) console.error(`replaced $${name} ${count} times`);
