import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { collectContestant, userCounts, writeProfile } from '../harness/collect.js';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { startProbe, startServer } from '../harness/server.js';

const STREAMS = 32;
/** So few nodes that two streams a node is a brake. */
const NODES = 8;
/** A server that 32 eager readers saturate, also when they share two cores of this machine: else there is nothing to protect. */
const CAPACITY = ['-cores', '2', '-cost-mebibyte', '8ms'];
const KINDS = 'pods,configmaps,services,replicasets.apps,endpointslices.discovery.k8s.io';

function withProbe({ context, server, user }, contestant) {
  return {
    ...contestant,
    prepare: async (round) => {
      const prepared = await contestant.prepare(round);
      return { prepared, probe: startProbe(context, server, ['-namespace', 'logs']) };
    },
    command: ({ prepared }) => contestant.command(prepared),
    finish: async ({ prepared, probe }) => {
      const { requests: asked, ...latencies } = await probe.stop();
      return { ...latencies, asked, ...(await contestant.finish(prepared)), ...userCounts(await server.stats(), user) };
    },
  };
}

/** Nobody but the probe: what the other client has without us. */
function quiet(server) {
  return {
    name: 'nobody',
    prepare: async () => await server.reset(),
    command: () => ({ argv: ['sleep', '5'] }),
    finish: () => ({}),
  };
}

function ours(context, server, user) {
  return collectContestant(context, {
    name: `exhibit, ${user}`,
    server,
    user,
    kubeconfig: server.kubeconfig(user),
    flags: ['--profile', writeProfile(context, 'bench-collateral', ['objects', 'pod-logs']), '--all'],
    accept: (summary) => (summary.completeness === 'complete' ? null : JSON.stringify(summary)),
  });
}

function kubectlContestant(context, server, user) {
  const folder = join(context.work, 'kubectl-out');
  const kubectl = [
    context.kubectl,
    '--kubeconfig',
    server.kubeconfig(user),
    '--cache-dir',
    join(context.work, 'kube-cache'),
  ].join(' ');
  const streams = `for i in $(seq 0 ${STREAMS - 1}); do ${kubectl} logs --timestamps -n logs "$(printf writer-%04d "$i")" > ${folder}/$i.log & done`;
  return {
    name: `kubectl, ${user}`,
    prepare: async () => await server.reset(),
    command: () => ({
      script: `mkdir -p ${folder}; ${kubectl} get ${KINDS} -A -o json > ${folder}/objects.json & ${streams}; wait`,
    }),
    finish: () => {
      rmSync(folder, { recursive: true, force: true });
      return {};
    },
  };
}

async function run(context) {
  const [objects, bytes] = context.quick ? [500, 2 ** 20] : [4000, 2 ** 25];
  const server = await startServer(context, [
    '-filler',
    String(objects),
    '-logs',
    `logs=${STREAMS}:${bytes}:${NODES}`,
    ...CAPACITY,
  ]);
  const contestants = ['ordinary', 'masters'].flatMap((user) => [
    withProbe({ context, server, user }, ours(context, server, user)),
    withProbe({ context, server, user }, kubectlContestant(context, server, user)),
  ]);
  const samples = await interleave(context, [
    withProbe({ context, server, user: 'bystander' }, quiet(server)),
    ...contestants,
  ]);
  await server.stop();
  return { samples, goals, columns: COLUMNS };
}

const COLUMNS = [
  { field: 'p50Ms', title: 'p50 ms', digits: 1 },
  { field: 'p95Ms', title: 'p95 ms', digits: 1 },
  { field: 'p99Ms', title: 'p99 ms', digits: 1 },
  { field: 'maxLists', title: 'lists', digits: 0 },
  { field: 'maxStreamsPerNode', title: 'streams a node', digits: 0 },
  { field: 'maxStreams', title: 'streams', digits: 0 },
];

function goals(m, samples) {
  const own = ['ordinary', 'masters'].flatMap((user) => samples[`exhibit, ${user}`]);
  const most = (field) => Math.max(...own.map((sample) => sample[field]));
  return [
    goal(
      'p95 of another client, of that beside kubectl, ordinary user',
      m['exhibit, ordinary'].p95Ms / m['kubectl, ordinary'].p95Ms,
      { atMost: 0.7 },
    ),
    goal('the same as system:masters', m['exhibit, masters'].p95Ms / m['kubectl, masters'].p95Ms, { atMost: 0.7 }),
    goal('lists at once, any round', most('maxLists'), { atMost: 3, unit: '' }),
    goal('streams a node at once, any round', most('maxStreamsPerNode'), { atMost: 2, unit: '' }),
    goal('streams at once, any round', most('maxStreams'), { atMost: 32, unit: '' }),
  ];
}

export const collateral = {
  name: 'collateral',
  title: 'Latency of another client while we list and stream',
  run,
};
