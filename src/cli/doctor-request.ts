import { ExhibitError } from '../model/errors.js';
import type { Collector } from '../ports/collector.js';
import type { CollectRequest } from '../workflows/collect-request.js';
import type { CollectorPodPlan } from '../workflows/doctor/collector-pod-checks.js';
import type { DoctorTarget } from '../workflows/doctor/needed-by-purpose.js';
import { collectorPodSettingsOf, type CollectorPodFlagValues } from './collector-pod-flags.js';
import { type CollectFlagValues, collectRequestOf } from './collect-request.js';
import type { Context } from './context.js';

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** `node/NAME` or `pod/NAMESPACE/NAME`; none = the whole cluster. Throws `USAGE_INVALID`. */
export function parseDoctorTarget(text: string | undefined): DoctorTarget | null {
  if (text === undefined) return null;
  const [kind = '', ...names] = text.split('/');
  const [first = '', second = ''] = names;
  if (names.every((name) => NAME.test(name))) {
    if ((kind === 'node' || kind === 'nodes') && names.length === 1) return { kind: 'node', name: first };
    if ((kind === 'pod' || kind === 'pods') && names.length === 2)
      return { kind: 'pod', namespace: first, name: second };
  }
  throw new ExhibitError('USAGE_INVALID', `"${text}" is neither node/NAME nor pod/NAMESPACE/NAME`, {
    subject: text,
    hints: ['exhibit doctor node/worker-3', 'exhibit doctor pod/shop/cart-7d9f', 'exhibit doctor'],
  });
}

/** Settings that cannot be used are a finding here, and no reason to stop. */
export function collectorPodPlan(flags: CollectorPodFlagValues, context: Context): CollectorPodPlan | null {
  try {
    const settings = collectorPodSettingsOf(flags, context);
    return settings === null ? null : { settings };
  } catch (error) {
    if (!(error instanceof ExhibitError) || error.code !== 'USAGE_INVALID') throw error;
    return { unusable: error.message, remedy: error.hints[0] ?? null };
  }
}

type DoctorFlags = Omit<
  CollectFlagValues,
  'all' | 'node' | 'pod' | 'namespace' | 'max-log-bytes' | 'since' | 'idle-timeout'
>;

/** The collection that is to work; settings of its pods that cannot be used are a check of their own. */
export async function doctorCollection(
  flags: DoctorFlags,
  context: Context,
  { target, collectors }: { readonly target: DoctorTarget | null; readonly collectors: readonly Collector[] },
): Promise<CollectRequest> {
  const ways = flags['node-access'] ?? [];
  const values = {
    ...flags,
    'node-access': ways.filter((way) => way !== 'collector-pod'),
    'all': target === null,
    'node': target?.kind === 'node' ? [target.name] : undefined,
    'pod': target?.kind === 'pod' ? [`${target.namespace}/${target.name}`] : undefined,
    ...{ 'namespace': undefined, 'max-log-bytes': undefined, 'since': undefined, 'idle-timeout': undefined },
  };
  const request = await collectRequestOf(values, context, { kind: 'incident', collectors });
  return { ...request, nodeAccess: ways };
}
