import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { JSONType } from 'zod';
import { ExhibitError } from '../../model/errors.js';
import { type CloudActionKindName, type CloudSubject, type CloudView, cloudViewSchemas } from '../../model/cloud.js';
import type { CloudActuator, CloudAnswer, CloudLook } from '../../ports/cloud-actuator.js';
import { AwsCallFailed, type AwsCalls } from './aws-calls.js';
import type { AwsFailure } from './aws-failure.js';
import type { AwsKind, Looked } from './kinds/aws-kind.js';
import { balancerTargets } from './kinds/balancer-targets.js';
import { classicBalancer } from './kinds/classic-balancer.js';
import { denySessions } from './kinds/deny-sessions.js';
import { groupMembership } from './kinds/group-membership.js';
import { instanceProfile } from './kinds/instance-profile.js';
import { interfaceGroups } from './kinds/interface-groups.js';
import { keepVolume } from './kinds/keep-volume.js';
import { metadataService } from './kinds/metadata-access.js';
import { quarantineGroup } from './kinds/quarantine-group.js';
import { scaleInProtection } from './kinds/scale-in-protection.js';
import { scalingProcesses } from './kinds/scaling-processes.js';
import { shutdownBehaviour } from './kinds/shutdown-behaviour.js';
import { terminationProtection } from './kinds/termination-protection.js';
import { explained, referenceOf } from './platform-error.js';

const KINDS: { readonly [Name in CloudActionKindName]: AwsKind<Name> } = {
  'termination-protection': terminationProtection,
  'shutdown-behaviour': shutdownBehaviour,
  'keep-volume': keepVolume,
  'scale-in-protection': scaleInProtection,
  'scaling-processes': scalingProcesses,
  'group-membership': groupMembership,
  'balancer-targets': balancerTargets,
  'classic-balancer': classicBalancer,
  'quarantine-group': quarantineGroup,
  'interface-groups': interfaceGroups,
  'metadata-service': metadataService,
  'instance-profile': instanceProfile,
  'deny-sessions': denySessions,
};

export interface AwsActuatorDeps {
  /** Calls in the region and account of the subject. Throws `PLATFORM_UNSUITABLE` where we are in another account. */
  readonly callsFor: (subject: CloudSubject) => Promise<AwsCalls>;
}

function kindOf<Name extends CloudActionKindName>(
  name: Name,
): { kind: AwsKind<Name>; parse: (value: unknown) => CloudView<Name> } {
  return { kind: KINDS[name], parse: (value) => cloudViewSchemas[name].parse(value) as CloudView<Name> };
}

export function createAwsActuator({ callsFor }: AwsActuatorDeps): CloudActuator {
  return {
    look: async (name, subject, like) => {
      const calls = await callsFor(subject);
      const { kind, parse } = kindOf(name);
      try {
        const looked = await kind.look({ calls, subject }, parse(like));
        const { requestIds } = calls;
        return looked.state === 'there'
          ? { state: 'there', view: looked.view as JSONType, requestIds }
          : { ...looked, requestIds };
      } catch (error) {
        return lookedAtNothing(error, calls, kind.gone);
      }
    },
    set: async (name, subject, ...[change, { dryRun = false } = {}]) => {
      const calls = await callsFor(subject);
      const { kind, parse } = kindOf(name);
      const { caseToken, plan } = change;
      try {
        const views = { from: parse(change.from), view: parse(change.view) };
        const changed = await kind.set({ calls, subject }, { ...views, caseToken, plan, dryRun });
        const { requestIds } = calls;
        if (changed.outcome === 'done') {
          if (!dryRun) await untilSeen(() => kind.look({ calls, subject }, views.view), views.view);
          return { outcome: 'done', requestIds };
        }
        const { detail } = changed;
        return changed.outcome === 'refused'
          ? { outcome: 'refused', detail, isDenied: false, requestIds }
          : { outcome: 'unknown', detail, requestIds };
      } catch (error) {
        return notDone(error, calls);
      }
    },
  };
}

const SEEN_AFTER_MS = [0, 250, 500, 1000, 2000];

/** What AWS took may be told of a little later. It is no matter here whether it ever is: whoever asked looks himself. */
async function untilSeen(look: () => Promise<Looked<unknown>>, view: unknown): Promise<void> {
  try {
    for (const pauseMs of SEEN_AFTER_MS) {
      await delay(pauseMs);
      const looked = await look();
      if (looked.state !== 'there' || isDeepStrictEqual(looked.view, view)) return;
    }
  } catch {
    // The change is made; the next look says what is the matter.
  }
}

function sentence({ failure, permission }: AwsCallFailed, calls: AwsCalls): string {
  const { text } = explained(failure, { settings: calls.settings, permission });
  return `${text} ${referenceOf(failure)}: ${failure.cause.message}`.slice(0, 500);
}

/** What ends the command, since the next call would end alike. */
function isOurs({ kind }: AwsFailure): boolean {
  return kind === 'credentials' || kind === 'clock' || kind === 'configuration';
}

/** No byte of a request can have reached AWS. */
function neverLeft({ status, name }: AwsFailure): boolean {
  return (
    status === null &&
    /^(E(AI_AGAIN|CONNREFUSED|HOSTUNREACH|NETUNREACH|NETDOWN|NOTFOUND)|CERT_\w+|(DEPTH_ZERO_)?SELF_SIGNED\w+|UNABLE_TO_\w+)$/.test(
      name,
    )
  );
}

/** AWS says itself that it did nothing. */
function isRefusal({ kind, status }: AwsFailure): boolean {
  return kind === 'throttled' || (status !== null && status >= 400 && status < 500 && status !== 408);
}

function lookedAtNothing(error: unknown, calls: AwsCalls, gone: RegExp): CloudLook {
  const { requestIds } = calls;
  if (error instanceof ExhibitError && error.code === 'PLATFORM_UNREACHABLE')
    return { state: 'unreadable', detail: error.message, requestIds };
  if (!(error instanceof AwsCallFailed)) throw error;
  if (isOurs(error.failure) || neverLeft(error.failure)) throw calls.error(error);
  const detail = sentence(error, calls);
  return gone.test(error.failure.name)
    ? { state: 'gone', detail, requestIds }
    : { state: 'unreadable', detail, requestIds };
}

function notDone(error: unknown, calls: AwsCalls): CloudAnswer {
  const { requestIds } = calls;
  if (!(error instanceof AwsCallFailed)) {
    if (calls.changes === 0) throw error;
    return { outcome: 'unknown', detail: 'it was interrupted between two calls', requestIds };
  }
  const { failure } = error;
  if (failure.name === 'DryRunOperation') return { outcome: 'done', requestIds };
  const detail = sentence(error, calls);
  if (calls.changes > 0) return { outcome: 'unknown', detail, requestIds };
  if (isOurs(failure) || neverLeft(failure)) throw calls.error(error);
  return isRefusal(failure)
    ? { outcome: 'refused', detail, isDenied: failure.kind === 'denied', requestIds }
    : { outcome: 'unknown', detail, requestIds };
}
