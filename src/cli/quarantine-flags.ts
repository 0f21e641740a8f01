import { Flags } from '@oclif/core';
import { isNetworkPrefix } from '../lib/network-prefix.js';
import { type Level, LEVELS } from '../model/action.js';
import { type CloudName, cloudSchema } from '../model/cloud.js';
import { ExhibitError } from '../model/errors.js';
import { type Order, ORDERS, STEP_NAMES, type StepName } from '../workflows/quarantine/quarantine-request.js';
import type { ConfigFile } from './config-file.js';
import { containmentCheckFlags } from './containment-check-flags.js';
import { clusterFlags } from './flags.js';

export const quarantineFlags = {
  'suspect': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'SELECTOR',
    summary: 'Pods to contain: NAMESPACE/POD, owner=NAMESPACE/KIND/NAME, image=sha256:DIGEST or label=KEY=VALUE.',
  }),
  'level': Flags.option({ options: LEVELS, default: 'hold' as const })({
    summary:
      'How far it goes. hold keeps evidence and takes the labels; isolate also takes the network of the machine but for what collection needs; sever all of it, and its rights in the cloud.',
  }),
  'cloud': Flags.option({ options: cloudSchema.options })({
    summary: 'The cloud that the machines of the nodes are of; without it, they are left alone.',
  }),
  'order': Flags.option({ options: ORDERS, default: 'preserve-first' as const })({
    summary: 'What comes first: what keeps evidence, or what takes something away from the suspects.',
  }),
  'keep-reachable': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'CIDR',
    summary:
      'For isolate: a network that still reaches the kubelet and ssh, and whose API server is still reached; repeatable. Default: the network of the machine.',
  }),
  'suspend-scaling': Flags.boolean({
    default: false,
    summary:
      'Keep the scaling groups of the machines, each as a whole, from ending or replacing any machine until the release.',
  }),
  'max-nodes': Flags.integer({ default: 1, min: 1, summary: 'Refuse more nodes than this.' }),
  'skip': Flags.option({ options: STEP_NAMES, multiple: true, multipleNonGreedy: true })({
    summary: 'A step to leave out; repeatable.',
  }),
  'allow-node': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAME',
    summary: 'A node that is meant although it is of the control plane or the machine that this runs on.',
  }),
  'dry-run': Flags.boolean({
    default: false,
    summary: 'Show every change, right, side effect and what is not achieved; the server tries each and keeps nothing.',
  }),
  'confirm': Flags.string({
    helpValue: 'NAME',
    summary: 'What would have to be typed, where nobody can be asked; --yes is not enough.',
  }),
  ...containmentCheckFlags,
  ...clusterFlags,
};

/** For what is about a machine. */
export const loseVolatileFlag = {
  'lose-volatile': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NODE',
    summary:
      'A node that is severed, or whose other pods are moved, although its processes and connections were not collected.',
  }),
};

/** For what is about a node and its other pods. */
export const shiftFlags = {
  'shift-others': Flags.boolean({
    default: false,
    summary:
      'Evict the other pods of the node, as far as nothing is lost with them; each that stays is named with its reason.',
  }),
  'shift-wait': Flags.integer({
    default: 120,
    min: 0,
    max: 3600,
    helpValue: 'SECONDS',
    summary: 'How long disruption budgets may hold back those that are moved, all together.',
  }),
};

/** What a flag of `quarantineFlags` says, by its name. */
export interface QuarantineFlagValues {
  readonly 'suspect'?: readonly string[] | undefined;
  readonly 'level': Level;
  readonly 'cloud'?: CloudName | undefined;
  readonly 'order': Order;
  readonly 'keep-reachable'?: readonly string[] | undefined;
  readonly 'suspend-scaling'?: boolean | undefined;
  readonly 'max-nodes': number;
  readonly 'skip'?: readonly StepName[] | undefined;
  readonly 'allow-node'?: readonly string[] | undefined;
}

function checkNetwork(text: string): string {
  if (isNetworkPrefix(text) && !text.endsWith('/0')) return text;
  throw new ExhibitError('USAGE_INVALID', `this is no network in CIDR notation that is not all of them: ${text}`, {
    subject: text,
    hints: ['--keep-reachable 10.0.0.0/16', '--keep-reachable 203.0.113.7/32'],
    safe: 'Nothing was changed.',
  });
}

/** The part of a request that flags decide. Throws `USAGE_INVALID`. */
export function requestedBy(flags: QuarantineFlagValues, config: Pick<ConfigFile, 'cloud'>) {
  const { level, order, skip = [], 'allow-node': allowedNodes = [], 'max-nodes': maxNodes } = flags;
  const cloud = flags.cloud ?? config.cloud ?? null;
  const keepReachable = [...new Set((flags['keep-reachable'] ?? []).map(checkNetwork))].sort();
  const suspendScaling = flags['suspend-scaling'] === true ? { suspendScaling: true } : {};
  return { level, order, skip, allowedNodes, maxNodes, cloud, keepReachable, ...suspendScaling };
}
