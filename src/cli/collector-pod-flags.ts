import { Flags } from '@oclif/core';
import {
  COLLECTOR_DEADLINE_SECONDS,
  COLLECTOR_NAMESPACE,
  type CollectorPodSettings,
  collectorPodSettingsSchema,
} from '../model/collector-pod-settings.js';
import { ExhibitError } from '../model/errors.js';
import type { NodeRung } from '../ports/node-access.js';
import type { Context } from './context.js';
import { variableOf } from './environment.js';
import { parseDurationMs } from './quantities.js';
import { resolveSetting } from './settings.js';

export const collectorPodFlags = {
  'collector-image': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'NAME@sha256:DIGEST',
    summary: 'Image of the collector pod, pinned by its digest (EXHIBIT_COLLECTOR_IMAGE).',
  }),
  'collector-image-present': Flags.boolean({
    default: false,
    helpGroup: 'NODES',
    summary: 'The image lies on the nodes already and is never pulled; it may then be named by a tag.',
  }),
  'collector-pull-secret': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'NODES',
    helpValue: 'NAME',
    summary: "Secret of the collector's namespace with which its image is pulled; repeatable.",
  }),
  'collector-namespace': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'NAME',
    summary: `Where collector pods run (default: ${COLLECTOR_NAMESPACE}; one of the case's own when it does not exist).`,
  }),
  'collector-deadline': Flags.string({
    helpGroup: 'NODES',
    helpValue: 'DURATION',
    summary: 'Time after which a collector pod ends by itself (default: 2h).',
  }),
};

export interface CollectorPodFlagValues {
  readonly 'node-access'?: readonly NodeRung[] | undefined;
  readonly 'collector-image'?: string | undefined;
  readonly 'collector-image-present'?: boolean;
  readonly 'collector-pull-secret'?: readonly string[] | undefined;
  readonly 'collector-namespace'?: string | undefined;
  readonly 'collector-deadline'?: string | undefined;
}

function given(flags: CollectorPodFlagValues, { config, environment }: Context) {
  const deadline = flags['collector-deadline'];
  return {
    image: resolveSetting<string>({
      flag: flags['collector-image'],
      environment: variableOf(environment, 'EXHIBIT_COLLECTOR_IMAGE'),
      config: config.collectorImage,
      default: '',
    }).value,
    imagePresent: flags['collector-image-present'] === true || config.collectorImagePresent === true,
    pullSecrets: flags['collector-pull-secret'] ?? config.collectorPullSecrets ?? [],
    namespace: flags['collector-namespace'] ?? config.collectorNamespace ?? COLLECTOR_NAMESPACE,
    deadlineSeconds: deadline === undefined ? COLLECTOR_DEADLINE_SECONDS : Math.floor(parseDurationMs(deadline) / 1000),
  };
}

/** What the pod is made of; `null` when none was asked for. Throws `USAGE_INVALID` without an image that is fixed. */
export function collectorPodSettingsOf(flags: CollectorPodFlagValues, context: Context): CollectorPodSettings | null {
  if (flags['node-access']?.includes('collector-pod') !== true) return null;
  const settings = given(flags, context);
  const hints = ['exhibit collect --node-access collector-pod --collector-image registry.example/collector@sha256:...'];
  if (settings.image === '') throw new ExhibitError('USAGE_INVALID', 'a collector pod needs an image', { hints });
  const checked = collectorPodSettingsSchema.safeParse(settings);
  if (checked.success) return checked.data;
  const place = checked.error.issues[0]?.path.join('.') ?? '';
  throw new ExhibitError(
    'USAGE_INVALID',
    `the collector pod cannot be made so: ${checked.error.issues[0]?.message ?? ''}`,
    { subject: place === '' ? settings.image : place, hints },
  );
}
