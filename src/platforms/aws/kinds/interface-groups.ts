import {
  DescribeNetworkInterfacesCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { AwsCalls } from '../aws-calls.js';
import { findGroup, parseGroupName } from '../find-group.js';
import { groupIds } from '../read-interfaces.js';
import { type AwsKind, DONE, there } from './aws-kind.js';

const NO_INTERFACE = /^InvalidNetworkInterfaceI[dD]\./;

/** Always per interface: EC2 refuses the groups of an instance that has more than one. */
export const interfaceGroups: AwsKind<'interface-groups'> = {
  gone: NO_INTERFACE,
  look: async ({ calls, subject }, { groups: like }) => {
    const found = await describe(calls, subject.id);
    if (found === null) return { state: 'unreadable', detail: `EC2 does not tell of ${subject.id}` };
    const holder = found.Attachment?.InstanceId;
    const isBranch = found.InterfaceType === 'branch';
    if (holder !== subject.instance && !(isBranch && holder === undefined))
      return { state: 'gone', detail: `${subject.id} is at ${holder ?? 'no machine'}, not at ${subject.instance}` };
    const names = await namesById(calls, like);
    return there({
      groups: groupIds(found.Groups)
        .map((id) => names.get(id) ?? id)
        .sort(),
    });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    const wanted: string[] = [];
    for (const name of dryRun ? from.groups : view.groups) {
      const id = await idOf(calls, name);
      if (id === null) return { outcome: 'refused', detail: `there is no security group ${name}` };
      wanted.push(id);
    }
    await calls.change(
      'ec2:ModifyNetworkInterfaceAttribute',
      () =>
        calls.clients.ec2Once.send(
          new ModifyNetworkInterfaceAttributeCommand({
            NetworkInterfaceId: subject.id,
            Groups: wanted,
            DryRun: dryRun,
          }),
        ),
      { idempotent: true },
    );
    return DONE;
  },
};

async function describe(calls: AwsCalls, id: string): Promise<NetworkInterface | null> {
  const answer = await calls.read('ec2:DescribeNetworkInterfaces', (sending) =>
    calls.clients.ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }), sending),
  );
  return answer.NetworkInterfaces?.find((one) => one.NetworkInterfaceId === id) ?? null;
}

async function idOf(calls: AwsCalls, name: string): Promise<string | null> {
  const named = parseGroupName(name);
  return named === null ? name : ((await findGroup(calls, named))?.GroupId ?? null);
}

/** What a plan calls by name is shown by that name. */
async function namesById(calls: AwsCalls, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const byId = new Map<string, string>();
  for (const name of names) {
    const id = parseGroupName(name) === null ? null : await idOf(calls, name);
    if (id !== null) byId.set(id, name);
  }
  return byId;
}
