import type { CloudActionKindName } from '../model/cloud.js';
import { balancerTargets } from './actions/balancer-targets.js';
import { classicBalancer } from './actions/classic-balancer.js';
import { denySessions } from './actions/deny-sessions.js';
import { groupMembership } from './actions/group-membership.js';
import { instanceProfile } from './actions/instance-profile.js';
import { interfaceGroups } from './actions/interface-groups.js';
import { keepVolume } from './actions/keep-volume.js';
import { metadataService } from './actions/metadata-access.js';
import { quarantineGroup } from './actions/quarantine-group.js';
import { scaleInProtection } from './actions/scale-in-protection.js';
import { scalingProcesses } from './actions/scaling-processes.js';
import { shutdownBehaviour } from './actions/shutdown-behaviour.js';
import { terminationProtection } from './actions/termination-protection.js';
import type { CloudKind } from './cloud-kind.js';

const KINDS: { readonly [Name in CloudActionKindName]: CloudKind<Name> } = {
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

export function cloudKindOf<Name extends CloudActionKindName>(name: Name): CloudKind<Name> {
  return KINDS[name];
}
