import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { parseTarget, targetWords } from '../target-words.js';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

/** Both calls say what is to be and leave alone what is so. A target that is taken out counts as out while its connections end. */
export const balancerTargets: AwsKind<'balancer-targets'> = {
  gone: /^TargetGroupNotFound/,
  look: async (act, { ids }) => {
    const live = await liveInstance(act);
    if ('gone' in live) return live.gone;
    const { calls, subject } = act;
    const answer = await calls.read('elasticloadbalancing:DescribeTargetHealth', (sending) =>
      calls.clients.balancing.send(new DescribeTargetHealthCommand({ TargetGroupArn: subject.id }), sending),
    );
    return there({ ids, targets: [...targetWords(answer.TargetHealthDescriptions, ids)] });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    const out = from.targets.filter((one) => !view.targets.includes(one));
    const back = view.targets.filter((one) => !from.targets.includes(one));
    const unknown = [...out, ...back].find((word) => parseTarget(word) === null);
    if (unknown !== undefined) return { outcome: 'refused', detail: `no target is called ${unknown}` };
    if (dryRun) return DONE;
    const { balancingOnce } = calls.clients;
    const named = (words: readonly string[]) => ({
      TargetGroupArn: subject.id,
      Targets: words.flatMap((word): TargetDescription[] => [parseTarget(word) ?? []].flat()),
    });
    if (out.length > 0)
      await calls.change(
        'elasticloadbalancing:DeregisterTargets',
        () => balancingOnce.send(new DeregisterTargetsCommand(named(out))),
        { idempotent: true },
      );
    if (back.length > 0)
      await calls.change(
        'elasticloadbalancing:RegisterTargets',
        () => balancingOnce.send(new RegisterTargetsCommand(named(back))),
        { idempotent: true },
      );
    return DONE;
  },
};
