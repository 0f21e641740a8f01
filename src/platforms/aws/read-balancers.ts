import { DescribeLoadBalancersCommand } from '@aws-sdk/client-elastic-load-balancing';
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { BalancerRegistration } from '../../ports/platform.js';
import type { AwsCalls } from './aws-calls.js';
import type { Gaps } from './gaps.js';
import { targetWords } from './target-words.js';

export interface Balanced {
  readonly instanceId: string;
  readonly vpcs: readonly string[];
  /** Target groups may name a machine, or a pod on it, by address. */
  readonly addresses: readonly string[];
}

const MAX_PAGES = 20;
const MAX_TARGET_GROUPS = 200;

/** Target groups that the machine, or an address of it, is registered in. */
export async function readTargetGroups(
  calls: AwsCalls,
  machine: Balanced,
  gaps: Gaps,
): Promise<readonly Extract<BalancerRegistration, { readonly type: 'target-group' }>[]> {
  const listed = await gaps.orNull('target groups of load balancers are unknown', () => listTargetGroups(calls, gaps));
  const near = (listed ?? []).filter(({ VpcId: vpc }) => vpc === undefined || machine.vpcs.includes(vpc));
  if (near.length > MAX_TARGET_GROUPS)
    gaps.add(`${String(near.length - MAX_TARGET_GROUPS)} target groups were not asked whether the machine is in them`);
  const ids = [machine.instanceId, ...machine.addresses].sort();
  const found = [];
  for (const { TargetGroupArn: arn = '' } of near.slice(0, MAX_TARGET_GROUPS)) {
    const health = await gaps.orNull(`whether the machine is in ${arn} is unknown`, () =>
      calls.read('elasticloadbalancing:DescribeTargetHealth', (sending) =>
        calls.clients.balancing.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn }), sending),
      ),
    );
    const targets = targetWords(health?.TargetHealthDescriptions, ids);
    if (targets.length > 0) found.push({ type: 'target-group', id: arn, ids, targets } as const);
  }
  return found;
}

async function listTargetGroups(calls: AwsCalls, gaps: Gaps): Promise<readonly TargetGroup[]> {
  const found: TargetGroup[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await calls.read('elasticloadbalancing:DescribeTargetGroups', (sending) =>
      calls.clients.balancing.send(new DescribeTargetGroupsCommand({ Marker: marker }), sending),
    );
    found.push(...(answer.TargetGroups ?? []));
    marker = answer.NextMarker;
    if (marker === undefined || marker === '') return found;
  }
  gaps.add('there are more target groups than were listed');
  return found;
}

/** Names of classic load balancers that the machine is registered with; sorted. */
export async function readClassicBalancers(
  calls: AwsCalls,
  instanceId: string,
  gaps: Gaps,
): Promise<readonly string[]> {
  const names = await gaps.orNull('classic load balancers are unknown', async () => {
    const found: string[] = [];
    let marker: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await calls.read('elasticloadbalancing:DescribeLoadBalancers', (sending) =>
        calls.clients.classicBalancing.send(new DescribeLoadBalancersCommand({ Marker: marker }), sending),
      );
      for (const { LoadBalancerName: name, Instances: members = [] } of answer.LoadBalancerDescriptions ?? [])
        if (name !== undefined && members.some((one) => one.InstanceId === instanceId)) found.push(name);
      marker = answer.NextMarker;
      if (marker === undefined || marker === '') return found;
    }
    gaps.add('there are more classic load balancers than were listed');
    return found;
  });
  return [...(names ?? [])].sort();
}
