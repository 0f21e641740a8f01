import { Flags } from '@oclif/core';
import { collectorPodFlags } from './collector-pod-flags.js';
import { nodeFlags } from './node-flags.js';

const repeatable = { multiple: true, multipleNonGreedy: true } as const;

/** How much of a cluster, and how: shared by collect and drill run. */
export const collectFlags = {
  'node': Flags.string({
    ...repeatable,
    helpValue: 'NAME',
    summary: 'A suspect node and what runs on it; repeatable.',
  }),
  'pod': Flags.string({ ...repeatable, helpValue: 'NS/NAME', summary: 'A suspect pod; repeatable.' }),
  'namespace': Flags.string({
    ...repeatable,
    char: 'n',
    helpValue: 'NAME',
    summary: "A suspect namespace; repeatable. The context's default never narrows.",
  }),
  'all': Flags.boolean({ default: false, summary: 'The whole cluster.' }),
  'profile': Flags.string({
    helpValue: 'NAME|FILE',
    summary:
      'Which collectors, with which limits: triage, pod-compromise, node-compromise, full, or a file (EXHIBIT_PROFILE; default: triage).',
  }),
  'kubelet': Flags.boolean({
    default: false,
    summary: 'Also ask the kubelets through the API proxy. Needs nodes/proxy, which gives exec on every pod.',
  }),
  'max-log-bytes': Flags.string({
    helpValue: 'SIZE',
    summary: 'At most so many bytes of each log (10Mi); a log cut there is a gap.',
  }),
  'since': Flags.string({ helpValue: 'DURATION', summary: 'Logs of this last time only (2h).' }),
  'stats-seconds': Flags.integer({
    min: 1,
    max: 3600,
    helpValue: 'N',
    summary: 'Sample the statistics of the containers for so long (with --kubelet); default: no series.',
  }),
  'idle-timeout': Flags.string({
    helpValue: 'DURATION',
    summary: 'Silence after which a source counts as dead (default: 60s).',
  }),
  ...nodeFlags,
  ...collectorPodFlags,
};
