import { arrayAt, stringAt } from '../../lib/untyped.js';
import { CLOUD_ACTION_KINDS, type CloudName } from '../../model/cloud.js';
import type { CloudInstance, NodeMachine, Platform } from '../../ports/platform.js';
import { type Check, check, fewOf, looked } from './check.js';

/** Machines that are looked at; each takes a dozen calls. */
const MAX_MACHINES = 3;
const MAX_OFFSET_MS = 5_000;

function machineOf(node: unknown): NodeMachine {
  const at = (...path: string[]): string => stringAt(node, ...path) ?? '';
  return {
    node: at('metadata', 'name'),
    providerId: at('spec', 'providerID'),
    systemUuid: at('status', 'nodeInfo', 'systemUUID'),
    addresses: arrayAt(node, 'status', 'addresses').flatMap((one) => stringAt(one, 'address') ?? []),
  };
}

async function identityChecks(platform: Platform): Promise<readonly Check[]> {
  return await looked({ id: 'cloud-identity', subject: platform.cloud, onError: 'fails' }, async () => {
    const { account, principal, clockOffsetMs } = await platform.identity();
    const isOff = clockOffsetMs !== null && Math.abs(clockOffsetMs) > MAX_OFFSET_MS;
    return {
      subject: principal,
      state: isOff ? 'degraded' : 'works',
      reason: `account ${account}${isOff ? `; its clock is ahead by ${String(clockOffsetMs)} ms, and calls may be refused` : ''}`,
      ...(isOff ? { remedy: 'timedatectl status' } : {}),
    };
  });
}

function instanceChecks(instance: CloudInstance, node: string): readonly Check[] {
  const { id, gaps, instanceStores, isSpot, managedBy, volumes, interfaces, state } = instance;
  const weak = [
    ...(state === 'running' ? [] : [`it is ${state}`]),
    ...(isSpot ? ['it is a spot machine, which may be ended within two minutes and by nothing of ours kept'] : []),
    ...(instanceStores > 0
      ? [`${String(instanceStores)} of its disks are instance store, of which there are no snapshots`]
      : []),
    ...(managedBy === 'none' || managedBy === 'scaling-group' ? [] : [`${managedBy} may replace it`]),
    ...gaps.map((gap) => `not read: ${gap}`),
  ];
  const has = `${String(volumes.length)} volumes, ${String(interfaces.length)} interfaces`;
  return [
    check('cloud-instance', `${node}: ${id}`, {
      state: weak.length === 0 ? 'works' : 'degraded',
      reason: [has, ...weak].join('; '),
    }),
  ];
}

async function rightsOf(platform: Platform, instance: CloudInstance, node: string): Promise<readonly Check[]> {
  const subject = `${node}: ${instance.id}`;
  return await looked({ id: 'cloud-rights', subject, onError: 'degraded' }, async () => {
    const rights = await platform.rights(instance, CLOUD_ACTION_KINDS);
    const missing = rights.filter(({ allowed }) => allowed === false).map(({ action }) => action);
    const unknown = rights.filter(({ allowed }) => allowed === null).map(({ action }) => action);
    if (missing.length > 0)
      return {
        state: 'fails',
        reason: `missing: ${missing.join(', ')}`,
        remedy: 'templates/cloud/aws/responder-policy.json',
      };
    const rest = unknown.length === 0 ? '' : `; cannot be asked about: ${fewOf(unknown)}`;
    return {
      state: unknown.length === 0 ? 'works' : 'degraded',
      reason: `${String(rights.length - unknown.length)} are there${rest}`,
      ...(unknown.length === 0 ? {} : { remedy: 'templates/cloud/aws/responder-policy.json' }),
    };
  });
}

async function nodeCloudChecks(platform: Platform, node: unknown): Promise<readonly Check[]> {
  const machine = machineOf(node);
  const seen: { instance: CloudInstance | null } = { instance: null };
  const checks = await looked({ id: 'cloud-instance', subject: machine.node, onError: 'fails' }, async () => {
    seen.instance = await platform.instanceOf(machine);
    return [];
  });
  if (seen.instance === null) return checks;
  return [...instanceChecks(seen.instance, machine.node), ...(await rightsOf(platform, seen.instance, machine.node))];
}

/** Login, machines and rights of a cloud; `null` = none was asked for. At most three machines are looked at, and the rest is said. */
export async function cloudChecks(
  { cloud, platform }: { readonly cloud: CloudName | null; readonly platform: Platform | null },
  nodes: readonly unknown[],
): Promise<readonly Check[]> {
  if (cloud === null) return [];
  if (platform === null)
    return [check('cloud-identity', cloud, { state: 'unknown', reason: 'nothing here talks to that cloud yet' })];
  const identity = await identityChecks(platform);
  if (identity.some(({ state }) => state === 'fails')) return identity;
  const checks = [...identity];
  for (const node of nodes.slice(0, MAX_MACHINES)) checks.push(...(await nodeCloudChecks(platform, node)));
  const rest = nodes.slice(MAX_MACHINES).map((node) => stringAt(node, 'metadata', 'name') ?? '');
  if (rest.length > 0)
    checks.push(
      check('cloud-instance', fewOf(rest), { state: 'unknown', reason: 'not looked at: name one node at a time' }),
    );
  return checks;
}
