import { booleanAt } from '../../lib/untyped.js';
import { lookAtTolerations } from '../../plan/actions/pin-pod.js';
import { deniesEverything, effectivePolicy } from '../../plan/network/effective-policy.js';
import { type Labels, labelsOf, selects } from '../../plan/network/label-selector.js';
import { denyNetwork } from '../../plan/actions/deny-network.js';
import { objectOf, type PlannedStep } from '../../model/action.js';
import { foreseeIdentities } from './foresee-identities.js';
import { isKeptOut } from './kept-out.js';
import { ownerEffect } from './owner-effects.js';
import { labelsAfter } from './plan-objects.js';
import type { Scene, Suspect } from './read-scene.js';

/** What follows from a plan besides what it is for, and what it does not achieve. Names in it are untrusted. */
export interface Foresight {
  readonly sideEffects: readonly string[];
  readonly notAchieved: readonly string[];
}

const nameOf = ({ namespace, name }: Suspect): string => `pod ${namespace}/${name}`;

/** Every part of level `hold` that stays open however well it goes. */
const ALWAYS = [
  'what controllers, webhooks or GitOps put back after the last look is seen only when the command is repeated',
  'connections that exist already may go on: whether a new policy cuts them depends on the network plugin',
  'policies that others made for the network plugin, and policies for the whole cluster are counted, and not evaluated',
  'whoever holds the node itself is not held by a NetworkPolicy',
  'the credentials that the suspect has are valid as before',
];

type Steps = readonly PlannedStep[];

function stepOf({ uid }: Suspect, steps: Steps, name: string): PlannedStep | undefined {
  return steps.find((step) => step.name === name && objectOf(step)?.uid === uid);
}

/** The labels that it has when the steps are done. */
function labelsUnder(suspect: Suspect, steps: Steps, caseToken: string): Labels {
  const detach = stepOf(suspect, steps, 'detach');
  if (detach === undefined) return labelsOf(suspect.object);
  return labelsAfter({ ...suspect, selectorKeys: Object.keys(Object(detach.intended) as object) }, caseToken);
}

function sideEffectsOf(suspect: Suspect, scene: Scene, steps: Steps): string[] {
  if (stepOf(suspect, steps, 'detach') === undefined) return [];
  const { services, moreServices, kind } = suspect;
  const named = [...services, ...(moreServices === 0 ? [] : [`${String(moreServices)} more`])].join(', ');
  const lost = named === '' ? [] : [`${nameOf(suspect)} leaves Service ${named}`];
  return [
    ...lost,
    `${nameOf(suspect)} (${kind}): ${ownerEffect(kind, { isKeptOut: isKeptOut(suspect, scene, steps) })}`,
  ];
}

/** The policies that will hold for it with these labels, ours among them. */
function policyReasons(suspect: Suspect, labels: Labels, policies: readonly unknown[]): readonly string[] {
  const effective = effectivePolicy(labels, policies);
  const name = nameOf(suspect);
  const allowed = (['ingress', 'egress'] as const).flatMap((direction) => {
    const { allowedBy } = effective[direction];
    return allowedBy.length === 0 ? [] : [`${name}: ${direction} is allowed by policy ${allowedBy.join(', ')}`];
  });
  const denied = deniesEverything(effective);
  return allowed.length > 0 || denied ? allowed : [`${name}: no policy restricts it in both directions`];
}

function pinReasons(suspect: Suspect, steps: Steps): string[] {
  const { tolerations } = lookAtTolerations(suspect.object);
  const name = nameOf(suspect);
  if (tolerations.length === 0)
    return [`${name} has no toleration of a lost node that could be prolonged: it is deleted when the node is lost`];
  const isBounded = tolerations.some(({ seconds }) => seconds !== null);
  if (!isBounded || stepOf(suspect, steps, 'pin') !== undefined) return [];
  return [`${name} is not pinned: it is deleted some time after the node is lost`];
}

function notAchievedFor(suspect: Suspect, steps: Steps, labels: Labels): string[] {
  const { object, ownerSelector } = suspect;
  const name = nameOf(suspect);
  const said: string[] = [];
  if (booleanAt(object, 'spec', 'hostNetwork') === true)
    said.push(`${name} uses the network of its node: NetworkPolicies do not hold for it`);
  const isDetached = stepOf(suspect, steps, 'detach') !== undefined;
  if (isDetached && ownerSelector !== undefined && selects(ownerSelector, labels))
    said.push(`${name} is still found by its controller: it goes by what a label is not`);
  return [...said, ...pinReasons(suspect, steps)];
}

/** `ours`: the deny policies that the plan makes, as the server will have them. */
function withOurs(policies: readonly unknown[], namespace: string, steps: Steps): readonly unknown[] {
  const ours = steps.flatMap((step) =>
    step.kind === 'deny-network' && step.subject.namespace === namespace
      ? [denyNetwork.body(step.subject.name, denyNetwork.view.parse(step.intended))]
      : [],
  );
  return [...policies, ...ours];
}

function pluginLimits({ unknownPolicyApis = [] }: Scene): readonly string[] {
  return unknownPolicyApis.map(
    (api) => `whether ${api} is served could not be read: no policy of that network plugin is made`,
  );
}

export function foresee(scene: Scene, steps: Steps, caseToken: string): Foresight {
  const sideEffects = scene.suspects.flatMap((suspect) => sideEffectsOf(suspect, scene, steps));
  if (steps.some(({ name }) => name === 'cordon'))
    sideEffects.unshift('no new pod is scheduled on the node; those that run there go on');
  const notAchieved = scene.suspects.flatMap((suspect) => {
    const policies = withOurs(scene.policies.get(suspect.namespace) ?? [], suspect.namespace, steps);
    const labels = labelsUnder(suspect, steps, caseToken);
    return [...notAchievedFor(suspect, steps, labels), ...policyReasons(suspect, labels, policies)];
  });
  const nobody = scene.suspects.length === 0 ? ['no pod was named as a suspect: nothing is taken from anybody'] : [];
  return {
    sideEffects,
    notAchieved: [
      ...nobody,
      ...pluginLimits(scene),
      ...notAchieved,
      ...foreseeIdentities(scene.suspects, caseToken),
      ...ALWAYS,
    ],
  };
}
