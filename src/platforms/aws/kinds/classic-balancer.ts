import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

export const classicBalancer: AwsKind<'classic-balancer'> = {
  gone: /^(AccessPointNotFound|LoadBalancerNotFound)/,
  look: async (act) => {
    const live = await liveInstance(act);
    if ('gone' in live) return live.gone;
    const { calls, subject } = act;
    const answer = await calls.read('elasticloadbalancing:DescribeLoadBalancers', (sending) =>
      calls.clients.classicBalancing.send(
        new DescribeLoadBalancersCommand({ LoadBalancerNames: [subject.id] }),
        sending,
      ),
    );
    const balancer = answer.LoadBalancerDescriptions?.find(({ LoadBalancerName: name }) => name === subject.id);
    if (balancer === undefined) return { state: 'unreadable', detail: `AWS does not tell of ${subject.id}` };
    return there({ isRegistered: (balancer.Instances ?? []).some((one) => one.InstanceId === subject.instance) });
  },
  set: async ({ calls, subject }, { view, dryRun }) => {
    if (dryRun) return DONE;
    const { classicBalancingOnce } = calls.clients;
    const named = { LoadBalancerName: subject.id, Instances: [{ InstanceId: subject.instance }] };
    if (view.isRegistered)
      await calls.change(
        'elasticloadbalancing:RegisterInstancesWithLoadBalancer',
        () => classicBalancingOnce.send(new RegisterInstancesWithLoadBalancerCommand(named)),
        { idempotent: true },
      );
    else
      await calls.change(
        'elasticloadbalancing:DeregisterInstancesFromLoadBalancer',
        () => classicBalancingOnce.send(new DeregisterInstancesFromLoadBalancerCommand(named)),
        { idempotent: true },
      );
    return DONE;
  },
};
