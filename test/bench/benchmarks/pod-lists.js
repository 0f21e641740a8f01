import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { collectContestant, writeProfile } from '../harness/collect.js';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { startServer } from '../harness/server.js';

async function run(context) {
  const [few, many] = context.quick ? [3000, 15_000] : [30_000, 150_000];
  const small = await startServer(context, ['-pods', String(few)]);
  const large = await startServer(context, ['-pods', String(many)]);
  const profile = writeProfile(context, 'bench-objects', ['objects']);
  const copy = join(context.work, 'pods.json');
  const ours = (name, server, pods) =>
    collectContestant(context, {
      name,
      server,
      user: 'ordinary',
      kubeconfig: server.kubeconfig('ordinary'),
      flags: ['--profile', profile, '--all'],
      accept: (summary) =>
        summary.completeness !== 'complete' || summary.payloadBytes < pods * 4500 ? JSON.stringify(summary) : null,
    });
  const kubectl = [
    context.kubectl,
    '--kubeconfig',
    small.kubeconfig('ordinary'),
    '--cache-dir',
    join(context.work, 'kube-cache'),
  ];
  const samples = await interleave(context, [
    ours('exhibit, 30,000 pods', small, few),
    ours('exhibit, 150,000 pods', large, many),
    {
      name: 'kubectl get pods -A -o json, 30,000 pods',
      command: () => ({ script: `${kubectl.join(' ')} get pods -A -o json > ${copy}` }),
      finish: () => rmSync(copy, { force: true }),
    },
  ]);
  await small.stop();
  await large.stop();
  return { samples, goals };
}

function goals(m) {
  const few = m['exhibit, 30,000 pods'];
  const many = m['exhibit, 150,000 pods'];
  const kubectl = m['kubectl get pods -A -o json, 30,000 pods'];
  return [
    goal('CPU, of kubectl get', few.cpuS / kubectl.cpuS, { atMost: 0.12 }),
    goal('RSS, of kubectl get', few.rssBytes / kubectl.rssBytes, { atMost: 0.06 }),
    goal('time of 150,000 pods, of 30,000', many.wallS / few.wallS, { atMost: 5.5 }),
    goal('RSS of 150,000 pods, of 30,000', many.rssBytes / few.rssBytes, { atMost: 1.3 }),
  ];
}

export const podLists = {
  name: 'pod-lists',
  title: 'Pods listed, raw pages kept, indexed',
  run,
};
