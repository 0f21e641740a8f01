import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { collectContestant, writeProfile } from '../harness/collect.js';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { startServer } from '../harness/server.js';

const STREAMS = 32;
const NODES = 16;

async function run(context) {
  const bytes = context.quick ? 2 ** 26 : 2 ** 30;
  const server = await startServer(context, [
    '-seats',
    '0',
    '-logs',
    `one=1:${bytes}:1`,
    '-logs',
    `many=${STREAMS}:${bytes / STREAMS}:${NODES}`,
  ]);
  const profile = writeProfile(context, 'bench-logs', ['pod-logs']);
  const kubeconfig = server.kubeconfig('ordinary');
  const copy = join(context.work, 'log');
  const url = `${server.url}/api/v1/namespaces/one/pods/writer-0000/log?container=main&timestamps=true`;
  const curl = `curl --silent --show-error --fail --cacert ${server.authority} --header @${server.header('ordinary')} '${url}'`;
  const ours = (name, namespace) =>
    collectContestant(context, {
      name,
      server,
      user: 'ordinary',
      kubeconfig,
      flags: ['--profile', profile, '--namespace', namespace],
      accept: (summary) => {
        const missing = bytes - summary.payloadBytes;
        if (summary.completeness !== 'complete' || missing > STREAMS * 1024) return JSON.stringify(summary);
        return null;
      },
    });
  const kubectl = [context.kubectl, '--kubeconfig', kubeconfig, '--cache-dir', join(context.work, 'kube-cache')];
  const peer = (name, script) => ({ name, command: () => ({ script }), finish: () => rmSync(copy, { force: true }) });
  const contestants = [
    ours('exhibit, 1 stream', 'one'),
    ours('exhibit, 32 streams', 'many'),
    peer('kubectl logs', `${kubectl.join(' ')} logs --timestamps -n one writer-0000 > ${copy}`),
    peer('curl | openssl', `${curl} | openssl dgst -sha256`),
    peer('curl | tee FILE | openssl', `${curl} | tee ${copy} | openssl dgst -sha256`),
  ];
  const samples = await interleave(context, contestants);
  await server.stop();
  return { samples, goals };
}

function goals(m) {
  const one = m['exhibit, 1 stream'];
  const many = m['exhibit, 32 streams'];
  return [
    goal('wall, of kubectl logs', one.wallS / m['kubectl logs'].wallS, { atMost: 0.25 }),
    goal('CPU, of curl and openssl', one.cpuS / m['curl | openssl'].cpuS, { atMost: 0.9 }),
    goal('CPU of 32 streams, of one', many.cpuS / one.cpuS, { atMost: 1.4 }),
    goal('RSS, 1 stream', one.rssBytes / 1e6, { atMost: 300, unit: 'MB' }),
    goal('RSS, 32 streams', many.rssBytes / 1e6, { atMost: 300, unit: 'MB' }),
  ];
}

export const logIngest = {
  name: 'log-ingest',
  title: '1 GiB of logs over TLS, hashed and spooled',
  run,
};
