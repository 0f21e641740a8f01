import { Flags } from '@oclif/core';
import { ExhibitError } from '../model/errors.js';
import type { NodeRung } from '../ports/node-access.js';
import type { RungRequest } from '../workflows/collect-request.js';
import { parseProbe } from '../workflows/quarantine/verify/probe-destination.js';
import type { VerificationOptions } from '../workflows/quarantine/verify/open-verification.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import { collectorPodFlags, type CollectorPodFlagValues, collectorPodSettingsOf } from './collector-pod-flags.js';
import type { Context } from './context.js';
import { nodeFlags } from './node-flags.js';
import { type NodeFlagValues, nodeRequestOf } from './node-request.js';

const DEFAULT_RECHECKS = '30,60,120';
const MAX_RECHECKS = 10;
const MAX_SECONDS = 3600;
const MAX_PROBES = 20;
const repeatable = { multiple: true, multipleNonGreedy: true } as const;

/** How it is seen whether a containment holds: of all commands that contain. */
export const containmentCheckFlags = {
  'recheck-at': Flags.string({
    helpGroup: 'CHECKS',
    helpValue: 'SECONDS,...|none',
    summary: `When to look at it again after the last step (default: ${DEFAULT_RECHECKS}).`,
  }),
  'probe': Flags.string({
    ...repeatable,
    helpGroup: 'CHECKS',
    helpValue: 'ADDRESS:PORT',
    summary: 'A destination that a suspect must not reach, to be tried besides our own listeners; repeatable.',
  }),
  'probe-allowed': Flags.string({
    ...repeatable,
    helpGroup: 'CHECKS',
    helpValue: 'ADDRESS:PORT',
    summary: 'A destination that is tried, and may stay reachable; repeatable.',
  }),
  ...nodeFlags,
  'node-access': Flags.option({ options: ['collector-pod', 'ssh', 'local'] as const, multiple: true, delimiter: ',' })({
    helpGroup: 'NODES',
    summary: 'Ways to the nodes of the suspects, tried in this order, to see whether the containment holds.',
  }),
  ...collectorPodFlags,
};

export interface ContainmentCheckFlagValues extends Omit<NodeFlagValues, 'node'>, CollectorPodFlagValues {
  readonly 'recheck-at'?: string | undefined;
  readonly 'probe'?: readonly string[] | undefined;
  readonly 'probe-allowed'?: readonly string[] | undefined;
  readonly 'node-access'?: readonly NodeRung[] | undefined;
}

/** Rising seconds, `none` for none. Throws `USAGE_INVALID`. */
export function parseRechecks(text: string): readonly number[] {
  if (text === 'none') return [];
  const words = text.split(',');
  const seconds = words.map(Number);
  const isRising = seconds.every((one, index) => one > (seconds[index - 1] ?? 0));
  const isPlain = words.every((word) => /^\d{1,4}$/.test(word)) && seconds.every((one) => one <= MAX_SECONDS);
  if (isPlain && isRising && words.length <= MAX_RECHECKS) return seconds;
  throw new ExhibitError('USAGE_INVALID', `at most ${String(MAX_RECHECKS)} rising numbers of seconds are wanted`, {
    subject: text,
    hints: [`Repeat the command with --recheck-at ${DEFAULT_RECHECKS}`, 'Repeat the command with --recheck-at none'],
    safe: 'Nothing was changed.',
  });
}

/** What is tried and when. Throws `USAGE_INVALID`. */
function requestOf(flags: ContainmentCheckFlagValues): VerificationOptions['request'] {
  const destinations = [
    ...(flags.probe ?? []).map((text) => parseProbe(text, false)),
    ...(flags['probe-allowed'] ?? []).map((text) => parseProbe(text, true)),
  ];
  if (destinations.length > MAX_PROBES)
    throw new ExhibitError('USAGE_INVALID', `at most ${String(MAX_PROBES)} destinations are tried`, {
      safe: 'Nothing was changed.',
    });
  return { recheckAtSeconds: parseRechecks(flags['recheck-at'] ?? DEFAULT_RECHECKS), destinations };
}

/** How a containment is to be looked at, from flags and environment. Throws `USAGE_INVALID`. */
export function containmentChecksOf(
  flags: ContainmentCheckFlagValues & ClusterFlagValues,
  context: Context,
  caseToken: string,
): VerificationOptions {
  const { clock, ids } = context;
  const nodes = nodeRequestOf({ ...flags, node: undefined }, context.environment.workingDirectory);
  const rungRequest: RungRequest = {
    ...nodes,
    collectorPod: collectorPodSettingsOf(flags, context),
    withoutCluster: null,
  };
  const isAsked = nodes.nodeAccess.length > 0;
  return {
    request: requestOf(flags),
    ...{ clock, token: (length) => ids.token(length) },
    rungs: isAsked ? context.rungsTo(rungRequest, { target: context.clusterTarget(flags), caseToken }) : null,
  };
}

const GIVEN = [
  'recheck-at',
  'probe',
  'probe-allowed',
  'node-access',
  'collector-image',
  'collector-namespace',
] as const;

/** The words of these flags with which the same command is repeated. */
export function containmentCheckWords(flags: Partial<ContainmentCheckFlagValues>): readonly string[] {
  const words = GIVEN.flatMap((flag) => {
    const given = flags[flag] ?? [];
    const values = typeof given === 'string' ? [given] : given;
    return values.map((one) => `--${flag}=${one}`);
  });
  return [...words, ...(flags['collector-image-present'] === true ? ['--collector-image-present'] : [])];
}
