import type { JSONType } from 'zod';
import type { CloudActionKindName, CloudSubject } from '../../model/cloud.js';
import type { CloudActuator } from '../../ports/cloud-actuator.js';
import type { CloudInstance, CloudRight } from '../../ports/platform.js';
import { askedRights } from './asked-rights.js';
import type { AwsCalls } from './aws-calls.js';
import { simulateRights } from './simulate-rights.js';

/** What a dry run of a kind goes through: actions that change something, doing and taking back. */
const DRY_RUNS: Partial<Record<CloudActionKindName, string>> = {
  'termination-protection': 'ec2:ModifyInstanceAttribute',
  'shutdown-behaviour': 'ec2:ModifyInstanceAttribute',
  'keep-volume': 'ec2:ModifyInstanceAttribute',
  'quarantine-group': 'ec2:CreateSecurityGroup',
  'interface-groups': 'ec2:ModifyNetworkInterfaceAttribute',
  'metadata-service': 'ec2:ModifyInstanceMetadataOptions',
};

interface Probe {
  readonly kind: CloudActionKindName;
  readonly subject: CloudSubject;
  readonly view: JSONType;
  readonly from: JSONType;
}

export interface RightsRequest {
  readonly instance: CloudInstance;
  readonly kinds: readonly CloudActionKindName[];
  readonly principal: string;
}

/**
 * Dry runs that ask for what is so already, so that a service that knows no dry runs leaves everything as it is; simulation by IAM for the
 * rest. One right for each action: of several answers about one, a refusal counts.
 */
export async function readRights(
  calls: AwsCalls,
  actuator: CloudActuator,
  { instance, kinds, principal }: RightsRequest,
): Promise<readonly CloudRight[]> {
  const rights = new Map<string, CloudRight>();
  const keep = (right: CloudRight): void => {
    const known = rights.get(right.action);
    if (known === undefined || rank(right) > rank(known)) rights.set(right.action, right);
  };
  for (const kind of kinds) {
    const dryRun = DRY_RUNS[kind];
    if (dryRun === undefined) continue;
    for (const probe of probesOf(kind, instance)) keep(await probed(actuator, dryRun, probe));
  }
  const { account, region } = instance;
  const caller = { principal, account, region };
  for (const right of await simulateRights(calls, caller, askedRights(kinds, instance))) keep(right);
  return [...rights.values()].sort((a, b) => (a.action < b.action ? -1 : 1));
}

function rank({ allowed }: CloudRight): number {
  if (allowed === false) return 2;
  return allowed === null ? 1 : 0;
}

async function probed(
  actuator: CloudActuator,
  action: string,
  { kind, subject, from, view }: Probe,
): Promise<CloudRight> {
  const answer = await actuator.set(
    kind,
    subject,
    { from, view, caseToken: 'dry-run', plan: 'dry-run' },
    { dryRun: true },
  );
  if (answer.outcome === 'done') return { action, allowed: true, detail: 'allowed, as a dry run says' };
  const isDenied = answer.outcome === 'refused' && answer.isDenied;
  return { action, allowed: isDenied ? false : null, detail: answer.detail };
}

function probesOf(kind: CloudActionKindName, instance: CloudInstance): readonly Probe[] {
  const { cloud, account, region, id } = instance;
  const subject = { cloud, account, region, type: 'instance', id, instance: id } as const;
  const same = (view: JSONType, at: CloudSubject = subject): Probe => ({ kind, subject: at, from: view, view });
  const probes: Partial<Record<CloudActionKindName, () => readonly Probe[]>> = {
    'termination-protection': () => [same({ isProtected: instance.terminationProtection ?? false })],
    'shutdown-behaviour': () => [same({ onShutdown: instance.onShutdown ?? 'stop' })],
    'keep-volume': () =>
      instance.volumes.map(({ deviceName, id: volumeId, deleteOnTermination }) =>
        same({ deviceName, volumeId, deleteOnTermination }),
      ),
    'interface-groups': () =>
      instance.interfaces.map((one) =>
        same({ groups: [...one.groups] }, { ...subject, type: 'network-interface', id: one.id }),
      ),
    'metadata-service': () => [same({ ...instance.metadataService })],
    'quarantine-group': () => newGroups(instance, subject),
  };
  return probes[kind]?.() ?? [];
}

function newGroups(instance: CloudInstance, subject: CloudSubject): readonly Probe[] {
  return [...new Set(instance.interfaces.map(({ vpc }) => vpc))].map((vpc) => {
    const name = 'exhibit-dry-run';
    return {
      kind: 'quarantine-group',
      subject: { ...subject, type: 'security-group', id: `${vpc}/${name}` },
      from: null,
      view: { vpc, name, ingress: [], egress: [] },
    };
  });
}
