/**
 * Records what an API server says to execs: every message of the WebSocket as it came. A tool of development; runs the commands of
 * test/conformance/exec-commands.json in one container.
 * usage: node scripts/record-exec.js --kubeconfig FILE --out FILE --pod NAMESPACE/POD/CONTAINER
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import WebSocket from 'ws';
import { parse } from 'yaml';
import { openConnection } from './record-scenario/connection.js';

const STDIN_PIECE = 32 * 1024;
const { values } = parseArgs({
  options: { kubeconfig: { type: 'string' }, out: { type: 'string' }, pod: { type: 'string' } },
});
if (values.kubeconfig === undefined || values.out === undefined || values.pod === undefined) {
  console.error('needs --kubeconfig, --out and --pod');
  process.exit(2);
}
const [namespace, pod, container] = values.pod.split('/');

const config = parse(readFileSync(values.kubeconfig, 'utf8'));
const cluster = config.clusters[0].cluster;
const user = config.users[0].user;
const pem = (data) => Buffer.from(data, 'base64');
const agent = new https.Agent({
  ca: pem(cluster['certificate-authority-data']),
  cert: pem(user['client-certificate-data']),
  key: pem(user['client-key-data']),
});

async function record({ argv, stdin, times }) {
  const query = [
    ...argv.map((arg) => `command=${encodeURIComponent(arg)}`),
    `container=${container}`,
    ...(times === 0 ? [] : ['stdin=true']),
    'stdout=true',
    'stderr=true',
  ];
  const url = `${cluster.server}/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query.join('&')}`;
  const socket = new WebSocket(url, ['v5.channel.k8s.io'], {
    agent,
    perMessageDeflate: false,
  });
  const messages = [];
  let upgrade = {};
  socket.on('upgrade', (answer) => {
    upgrade = answer.rawHeaders;
  });
  socket.on('message', (data) => messages.push(data));
  await once(socket, 'open');
  if (times > 0) {
    const bytes = Buffer.from(stdin.repeat(times));
    for (let at = 0; at < bytes.length; at += STDIN_PIECE)
      socket.send(Buffer.concat([Buffer.from([0]), bytes.subarray(at, at + STDIN_PIECE)]));
    socket.send(Buffer.from([255, 0]));
  }
  const [code] = await once(socket, 'close');
  console.log(argv, code, upgrade.filter((_, index) => index % 2 === 0).join(' '));
  const frames = messages.map((data) => [data[0], data.subarray(1).toString('base64')]);
  return { argv, stdin, times, frames, closeCode: code };
}

const version = JSON.parse((await openConnection(values.kubeconfig, []).get('/version')).body.toString());
const commands = JSON.parse(readFileSync(new URL('../test/conformance/exec-commands.json', import.meta.url), 'utf8'));
const execs = [];
for (const command of commands) execs.push(await record(command));
const file = { kubernetes: version.gitVersion, namespace, pod, container, execs };
const options = (await prettier.resolveConfig(values.out)) ?? {};
writeFileSync(values.out, await prettier.format(JSON.stringify(file), { ...options, parser: 'json' }));
