import { Flags } from '@oclif/core';

const repeatable = { multiple: true, multipleNonGreedy: true } as const;

/** How nodes are reached: shared by collect and drill run. */
export const nodeFlags = {
  'node-access': Flags.option({ options: ['collector-pod', 'ssh', 'local'] as const, multiple: true, delimiter: ',' })({
    helpGroup: 'NODES',
    summary:
      'Ways to run read-only scripts on the nodes, tried in this order: processes, network, files, container diffs.',
  }),
  'node-rate': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'SIZE|unlimited',
    summary: 'At most so many bytes a second from one node (default: 50Mi; less while the node is under pressure).',
  }),
  'ssh': Flags.string({
    ...repeatable,
    helpGroup: 'NODES',
    helpValue: 'NODE=[USER@]HOST[:PORT]',
    summary: 'Where ssh reaches a node; repeatable. NODE= may be left out when one --node is named.',
  }),
  'ssh-user': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'USER',
    summary: 'Reach nodes without --ssh at the InternalIP of their Node object, as this user.',
  }),
  'ssh-config': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'FILE',
    summary: "ssh's configuration instead of your own.",
  }),
  'ssh-known-hosts': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'FILE',
    summary: 'Known host keys instead of your own; a key that is not there ends the way, nothing is ever added.',
  }),
  'ssh-sudo': Flags.boolean({
    default: false,
    helpGroup: 'NODES',
    summary: 'Run the scripts through sudo -n on the node.',
  }),
};

/** Collecting without any cluster: of collect alone. */
export const withoutClusterFlags = {
  local: Flags.boolean({
    default: false,
    helpGroup: 'NODES',
    exclusive: ['disk'],
    summary: 'Read the machine that this program runs on; no cluster is asked. --node gives it a name.',
  }),
  disk: Flags.string({
    helpGroup: 'NODES',
    helpValue: 'PATH',
    summary: "Read a node's disk that is mounted at PATH; no cluster is asked. --node gives it a name.",
  }),
};
