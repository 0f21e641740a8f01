import type { RespondTarget } from '../workflows/respond/resolve-target.js';
import type { RespondRequest } from '../workflows/respond/respond-state.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import { type CollectFlagValues, collectRequestOf } from './collect-request.js';
import type { ContainmentCheckFlagValues } from './containment-check-flags.js';
import type { Context } from './context.js';
import { type QuarantineFlagValues, requestedBy } from './quarantine-flags.js';
import type { Answers } from './confirm.js';
import { containAfterMs } from './respond-flags.js';
import type { SigningFlagValues } from './signing-flags.js';

type HowToCollect = Omit<CollectFlagValues, 'node' | 'pod' | 'namespace' | 'all'>;

export interface RespondFlagValues
  extends QuarantineFlagValues, ContainmentCheckFlagValues, HowToCollect, SigningFlagValues, ClusterFlagValues {
  readonly 'contain-after': string;
  readonly 'dry-run': boolean;
  readonly 'tsa': readonly string[] | undefined;
  readonly 'classification': string | undefined;
  readonly 'confirm'?: string | undefined;
  readonly 'lose-volatile'?: readonly string[] | undefined;
}

export interface RespondCall {
  /** As given: `node/NAME`, `pod/NAMESPACE/NAME`, a bare name. */
  readonly text: string;
  readonly flags: RespondFlagValues;
  readonly context: Context;
  readonly answers: Answers;
}

/** A node that is suspected is looked into as one; a pod as one. */
const PROFILES = { node: 'node-compromise', pod: 'pod-compromise' } as const;

async function collectionOf({ target, name }: RespondTarget, flags: RespondFlagValues, context: Context) {
  const scope = { node: target === 'node' ? [name] : [], pod: target === 'pod' ? [name] : [] };
  const asked = { ...flags, ...scope, namespace: [], all: false };
  const isNamed =
    context.config.profile !== undefined || context.environment.variables['EXHIBIT_PROFILE'] !== undefined;
  const profile = flags.profile ?? (isNamed ? undefined : PROFILES[target]);
  const collectors = await context.collectors();
  return await collectRequestOf({ ...asked, profile }, context, { kind: 'incident', collectors });
}

/** What flags, environment and configuration ask for. Throws `USAGE_INVALID`, `PROFILE_INVALID`. */
export async function respondRequestOf(
  on: RespondTarget,
  flags: RespondFlagValues,
  context: Context,
): Promise<RespondRequest> {
  const { suspect = [], countersign = [], key, tsa, classification, probe = [] } = flags;
  return {
    target: on.target,
    names: [on.name],
    suspects: suspect,
    ...requestedBy(flags, context.config),
    loseVolatile: flags['lose-volatile'] ?? [],
    recheckAt: flags['recheck-at'] ?? null,
    ...{ probe, probeAllowed: flags['probe-allowed'] ?? [] },
    containAfterMs: containAfterMs(flags['contain-after']),
    collect: await collectionOf(on, flags, context),
    ...{ key: key ?? null, countersign, tsa: tsa ?? null, classification: classification ?? null },
  };
}
