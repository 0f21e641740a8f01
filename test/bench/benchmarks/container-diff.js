import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeProfile } from '../harness/collect.js';
import { interleave, megabytes } from '../harness/measure.js';
import { nodeContestant } from '../harness/node-collect.js';
import { goal } from '../harness/report.js';
import { run } from '../harness/tools.js';

const OURS = 'exhibit collect --disk';
const THEIRS = 'tar | sha256sum';
const OURS_POD = 'exhibit collect, collector pod';
const THEIRS_POD = 'kubectl exec tar | sha256sum';
/** Of theirs: 0.9 of the throughput. */
const AT_MOST = 1.112;
const ID = 'c0ffee'.padEnd(64, '0');
const NAMESPACE = 'exhibit-bench';

/** Half of it in four files, half in files of 128 KiB; no byte can be compressed. */
const FILL = `mkdir -p "$0/large" "$0/small"
for i in 1 2 3 4; do head -c $(($1 / 8)) /dev/urandom > "$0/large/$i"; done
i=0; while [ $i -lt $(($1 / 262144)) ]; do head -c 131072 /dev/urandom > "$0/small/$i"; i=$((i + 1)); done`;

/** A disk with one container of CRI-O whose writable layer has so many bytes. Returns `{ disk, upper }`. */
function makeDisk(context, bytes) {
  const disk = join(context.work, 'disk');
  const store = join(disk, 'var/lib/containers/storage');
  const put = (path, value) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, JSON.stringify(value));
  };
  put(join(store, 'overlay-layers/layers.json'), [{ id: 'bottom' }, { id: 'top', parent: 'bottom' }]);
  const container = { id: ID, names: ['k8s_app'], image: 'i', layer: 'top' };
  put(join(store, 'overlay-containers/containers.json'), [container]);
  put(join(store, `overlay-containers/${ID}/userdata/config.json`), {
    annotations: {
      'io.kubernetes.pod.namespace': 'bench',
      'io.kubernetes.pod.name': 'writer',
      'io.kubernetes.pod.uid': '12345678-1234-1234-1234-123456789abc',
      'io.kubernetes.container.name': 'app',
    },
  });
  for (const [path, text] of [
    ['etc/os-release', 'NAME=bench\n'],
    ['etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`],
  ]) {
    mkdirSync(join(disk, 'etc'), { recursive: true });
    writeFileSync(join(disk, path), text);
  }
  mkdirSync(join(store, 'overlay/bottom/diff'), { recursive: true });
  const upper = join(store, 'overlay/top/diff');
  mkdirSync(upper, { recursive: true });
  run(['sh', '-euc', FILL, upper, String(bytes)]);
  return { disk, upper };
}

/** The lab's variables where it runs, else `null`. */
function labOf() {
  const file = join(process.env.EXHIBIT_LAB_HOME ?? '/var/tmp/exhibit-lab', 'env');
  if (!existsSync(file)) return null;
  const lab = Object.fromEntries(
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const isUp = () =>
    run([lab.LAB_KUBECTL, '--kubeconfig', lab.KUBECONFIG, '--request-timeout', '5s', 'get', '--raw', '/readyz']);
  try {
    isUp();
  } catch {
    return null;
  }
  return lab;
}

function podOf(lab) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'writer', namespace: NAMESPACE },
    spec: {
      nodeName: lab.LAB_NODE1_NAME,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'app',
          image: lab.LAB_COLLECTOR_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', 'trap exit TERM; while :; do sleep 1; done'],
        },
      ],
    },
  };
}

const kubectlOf = (lab) => [lab.LAB_KUBECTL, '--kubeconfig', lab.KUBECONFIG];

/** A pod on the lab whose container wrote so many bytes. Returns the contestants that read it. */
function onLab(context, lab, { bytes, profile }) {
  const kubectl = kubectlOf(lab);
  const apply = (object) => run([...kubectl, 'apply', '-f', '-'], { input: JSON.stringify(object) });
  apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  apply(podOf(lab));
  run([...kubectl, 'wait', '-n', NAMESPACE, '--for=condition=Ready', 'pod/writer', '--timeout=120s']);
  const exec = [...kubectl, 'exec', '-n', NAMESPACE, 'writer', '--'];
  run([...exec, 'sh', '-euc', FILL, '/bench', String(bytes)]);
  return [
    nodeContestant(context, {
      name: OURS_POD,
      flags: [
        ...['--kubeconfig', lab.KUBECONFIG, '--pod', `${NAMESPACE}/writer`, '--profile', profile],
        ...[
          '--node-access',
          'collector-pod',
          '--collector-image',
          lab.LAB_COLLECTOR_IMAGE,
          '--collector-image-present',
        ],
      ],
      accept: (summary) => (summary.payloadBytes >= bytes ? null : JSON.stringify(summary)),
      stream: { ending: '/diff/upper.tar', bytes },
    }),
    { name: THEIRS_POD, command: () => ({ script: `${exec.join(' ')} tar cf - -C /bench . | sha256sum` }) },
  ];
}

async function compare(context) {
  const bytes = context.quick ? 2 ** 26 : 2 ** 30;
  const { disk, upper } = makeDisk(context, bytes);
  const profile = writeProfile(context, 'bench-diff', ['container-diff']);
  const lab = labOf();
  if (lab === null) context.say('  through the API server: not run, the lab is not up');
  try {
    const throughServer = lab === null ? [] : onLab(context, lab, { bytes, profile });
    const samples = await interleave(context, [
      nodeContestant(context, {
        name: OURS,
        flags: ['--node', 'bench-node', '--disk', disk, '--profile', profile],
        accept: (summary) => (summary.completeness === 'complete' ? null : JSON.stringify(summary)),
        stream: { ending: '/diff/upper.tar', bytes },
      }),
      { name: THEIRS, command: () => ({ script: `tar cf - -C ${upper} . | sha256sum` }) },
      ...throughServer,
    ]);
    return { samples, columns: [{ field: 'streamS', title: 'layer s', digits: 3 }] };
  } finally {
    if (lab !== null) run([...kubectlOf(lab), 'delete', 'namespace', NAMESPACE, '--ignore-not-found']);
    run(['rm', '-rf', disk]);
  }
}

function goals(m) {
  const rss = (name) => goal(`RSS, ${name}`, m[name].rssBytes / 1e6, { atMost: 150, unit: 'MB' });
  const local = [
    goal('time of the layer read from a disk, of tar | sha256sum', m[OURS].streamS / m[THEIRS].wallS, {
      atMost: AT_MOST,
    }),
    rss(OURS),
  ];
  if (m[OURS_POD] === undefined) return local;
  return [
    goal('time of the layer through the API server, of kubectl exec', m[OURS_POD].streamS / m[THEIRS_POD].wallS, {
      atMost: AT_MOST,
    }),
    rss(OURS_POD),
    ...local,
  ];
}

export const containerDiff = {
  name: 'container-diff',
  title: 'A writable layer of 1 GiB',
  run: async (context) => {
    const { samples, columns } = await compare(context);
    const notes = [
      `What is called the layer goes from the first byte of \`upper.tar\` to its last one (${megabytes(samples[OURS][0].streamBytes)}), hashed on both sides and file by file, and kept. The goal of 0.9 of the throughput is one for the way through the API server; beside it a pipe on one machine shows what our own work costs.`,
      ...(samples[OURS_POD] === undefined ? ['Through the API server: **not run**, the lab was not up.'] : []),
    ];
    return { samples, columns, goals, notes };
  },
};
