import type { Instance } from '@aws-sdk/client-ec2';
import { isIP } from 'node:net';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { ExhibitError } from '../../model/errors.js';
import type { NodeMachine } from '../../ports/platform.js';
import type { AwsMachine } from './provider-id.js';

const GONE = new Set(['shutting-down', 'terminated']);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether an instance is the machine of a node, as far as EC2 and Kubernetes both tell: its state, zone and addresses. Throws `TARGET_GONE`,
 * `TARGET_REPLACED`. Returns what could not be compared, in words.
 */
export function assertMachineOf(node: NodeMachine, machine: AwsMachine, instance: Instance): readonly string[] {
  const subject = `node ${node.node}, ${machine.instanceId}`;
  const state = instance.State?.Name ?? 'unknown';
  if (GONE.has(state))
    throw new ExhibitError('TARGET_GONE', `EC2 says that the machine is ${state}`, {
      subject,
      hints: [describeCommand(machine)],
    });
  const zone = instance.Placement?.AvailabilityZone;
  if (zone !== undefined && zone !== machine.zone)
    throw replaced(subject, machine, `the node says zone ${machine.zone}, EC2 says ${escapeForTerminal(zone, 60)}`);
  return [...assertAddresses(node, machine, instance), ...uuidGaps(node), ...(zone === undefined ? [NO_ZONE] : [])];
}

const NO_ZONE = 'EC2 does not tell the zone of the machine: it was not compared with the node';

function assertAddresses(node: NodeMachine, machine: AwsMachine, instance: Instance): readonly string[] {
  const known = addressesOf(instance);
  const said = node.addresses.map((address) => canonical(address));
  const numeric = said.filter((address) => isIP(address) !== 0);
  const compared = numeric.length > 0 ? numeric : said;
  if (compared.length === 0 || known.size === 0)
    return ['the addresses of node and machine could not be compared: one of them has none'];
  if (compared.some((address) => known.has(address))) return [];
  throw replaced(
    `node ${node.node}, ${machine.instanceId}`,
    machine,
    `the node says ${escapeForTerminal(compared.join(', '), 200)}, EC2 says ${[...known].sort().join(', ').slice(0, 200)}`,
  );
}

function canonical(address: string): string {
  const lower = address.toLowerCase();
  return isIP(lower) === 6 ? new URL(`http://[${lower}]`).hostname.slice(1, -1) : lower;
}

function addressesOf(instance: Instance): ReadonlySet<string> {
  const interfaces = (instance.NetworkInterfaces ?? []).flatMap((one) => [
    ...(one.PrivateIpAddresses ?? []).flatMap((each) => [
      each.PrivateIpAddress,
      each.PrivateDnsName,
      each.Association?.PublicIp,
    ]),
    ...(one.Ipv6Addresses ?? []).map(({ Ipv6Address: address }) => address),
  ]);
  const own = [instance.PrivateIpAddress, instance.PublicIpAddress, instance.PrivateDnsName, instance.PublicDnsName];
  return new Set(
    [...interfaces, ...own]
      .filter((one): one is string => one !== undefined && one !== '')
      .map((one) => canonical(one)),
  );
}

function replaced(subject: string, machine: AwsMachine, reason: string): ExhibitError {
  return new ExhibitError('TARGET_REPLACED', `the machine that the node names is not the node's: ${reason}`, {
    subject,
    hints: [describeCommand(machine), `kubectl get node -o wide`],
  });
}

function describeCommand({ instanceId, region }: AwsMachine): string {
  return `aws ec2 describe-instances --region ${region} --instance-ids ${instanceId}`;
}

/** The API of EC2 does not tell the UUID; a machine of EC2 has one that begins with `ec2`, if in a byte order of its own. */
function uuidGaps({ systemUuid }: NodeMachine): readonly string[] {
  if (systemUuid === '') return ['the node tells no system UUID: it was not looked at'];
  return isEc2Uuid(systemUuid)
    ? []
    : ["the node's system UUID is not one that EC2 gives: the node may be no machine of EC2"];
}

/** Whether a system UUID is one of EC2's, in either byte order of its first three groups (SMBIOS 2.6 and before it). */
export function isEc2Uuid(systemUuid: string): boolean {
  const uuid = systemUuid.toLowerCase();
  if (!UUID.test(uuid)) return false;
  const swapped = (uuid.slice(0, 8).match(/../g) ?? []).reverse().join('');
  return uuid.startsWith('ec2') || swapped.startsWith('ec2');
}
