import { arrayAt, booleanAt, stringAt } from '../../lib/untyped.js';
import { lookAtTolerations } from '../../plan/actions/pin-pod.js';
import { deniesEverything, effectivePolicy } from '../../plan/network/effective-policy.js';
import { selects } from '../../plan/network/label-selector.js';
import { denyNetwork } from '../../plan/actions/deny-network.js';
import type { PlannedStep } from '../../model/action.js';
import { ownerEffect } from './owner-effects.js';
import { labelsAfter } from './plan-hold.js';
import type { Scene, Suspect } from './read-scene.js';

/** What follows from a plan besides what it is for, and what it does not achieve. Names in it are untrusted. */
export interface Foresight {
  readonly sideEffects: readonly string[];
  readonly notAchieved: readonly string[];
}

const nameOf = ({ namespace, name }: Suspect): string => `pod ${namespace}/${name}`;

/** Every part of level `hold` that stays open however well it goes. */
const ALWAYS = [
  'no probe is made: that the network plugin enforces NetworkPolicies is not shown',
  'connections that exist already may go on: whether a new policy cuts them depends on the network plugin',
  'policies of the network plugin and policies for the whole cluster are not looked at',
  'whoever holds the node itself is not held by a NetworkPolicy',
  'the credentials that the suspect has are valid as before',
];

function sideEffectsOf(suspect: Suspect, has: (name: string) => boolean): string[] {
  if (!has('detach')) return [];
  const { services, kind } = suspect;
  const lost = services.length === 0 ? [] : [`${nameOf(suspect)} leaves Service ${services.join(', ')}`];
  return [...lost, `${nameOf(suspect)} (${kind}): ${ownerEffect(kind)}`];
}

/** The policies that will hold for it, ours among them. */
export function policyReasons(suspect: Suspect, policies: readonly unknown[], caseToken: string): readonly string[] {
  const effective = effectivePolicy(labelsAfter(suspect, caseToken), policies);
  const name = nameOf(suspect);
  const allowed = (['ingress', 'egress'] as const).flatMap((direction) => {
    const { allowedBy } = effective[direction];
    return allowedBy.length === 0 ? [] : [`${name}: ${direction} is allowed by policy ${allowedBy.join(', ')}`];
  });
  const denied = deniesEverything(effective);
  return allowed.length > 0 || denied ? allowed : [`${name}: no policy restricts it in both directions`];
}

function notAchievedFor(suspect: Suspect, has: (name: string) => boolean, caseToken: string): string[] {
  const { object, ownerSelector } = suspect;
  const name = nameOf(suspect);
  const said: string[] = [];
  if (booleanAt(object, 'spec', 'hostNetwork') === true)
    said.push(`${name} uses the network of its node: NetworkPolicies do not hold for it`);
  if (has('detach') && ownerSelector !== undefined && selects(ownerSelector, labelsAfter(suspect, caseToken)))
    said.push(`${name} is still found by its controller: it goes by what a label is not`);
  const pins = lookAtTolerations(object).tolerations;
  const toleratesAll = arrayAt(object, 'spec', 'tolerations').some(
    (one) => (stringAt(one, 'key') ?? '') === '' && stringAt(one, 'operator') === 'Exists',
  );
  if (pins.length === 0 && !toleratesAll)
    said.push(`${name} has no toleration of a lost node that could be prolonged: it is deleted when the node is lost`);
  return said;
}

/** `ours`: the deny policies that the plan makes, as the server will have them. */
function withOurs(policies: readonly unknown[], namespace: string, steps: readonly PlannedStep[]): readonly unknown[] {
  const ours = steps.filter((step) => step.kind === 'deny-network' && step.subject.namespace === namespace);
  return [
    ...policies,
    ...ours.map(({ subject, intended }) => denyNetwork.body(subject.name, denyNetwork.view.parse(intended))),
  ];
}

export function foresee(scene: Scene, steps: readonly PlannedStep[], caseToken: string): Foresight {
  const has = (name: string): boolean => steps.some((step) => step.name === name);
  const sideEffects = scene.suspects.flatMap((suspect) => sideEffectsOf(suspect, has));
  if (has('cordon')) sideEffects.unshift('no new pod is scheduled on the node; those that run there go on');
  const notAchieved = scene.suspects.flatMap((suspect) => {
    const policies = withOurs(scene.policies.get(suspect.namespace) ?? [], suspect.namespace, steps);
    return [...notAchievedFor(suspect, has, caseToken), ...policyReasons(suspect, policies, caseToken)];
  });
  const nobody = scene.suspects.length === 0 ? ['no pod was named as a suspect: nothing is taken from anybody'] : [];
  return { sideEffects, notAchieved: [...nobody, ...notAchieved, ...ALWAYS] };
}
