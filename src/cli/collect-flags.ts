import { Flags } from '@oclif/core';

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
  'node-access': Flags.option({ options: ['collector-pod', 'ssh', 'local'] as const, multiple: true, delimiter: ',' })({
    summary:
      'Ways to run read-only scripts on the nodes, tried in this order: processes, network, files, container diffs.',
  }),
  'max-log-bytes': Flags.string({
    helpValue: 'SIZE',
    summary: 'At most so many bytes of each log (10Mi); a log cut there is a gap.',
  }),
  'since': Flags.string({ helpValue: 'DURATION', summary: 'Logs of this last time only (2h).' }),
  'idle-timeout': Flags.string({
    helpValue: 'DURATION',
    summary: 'Silence after which a source counts as dead (default: 60s).',
  }),
};
