import type { CheckRound, ContainmentEvidence, Flow, PolicyView, Probe } from './verify/containment-check.js';

export const CONTAINMENT_VERDICTS = ['verified', 'partly', 'unverified'] as const;
export type ContainmentVerdict = (typeof CONTAINMENT_VERDICTS)[number];

export interface JudgedContainment {
  readonly verdict: ContainmentVerdict;
  /** Names in them are untrusted. */
  readonly reasons: readonly string[];
}

/** Connections that are named; the others are counted. */
const MAX_NAMED = 20;

/** What speaks against a containment, by how much. */
interface Findings {
  /** It does not hold, or nothing shows that it does. */
  readonly against: readonly string[];
  /** It holds in part, or not all of it is known. */
  readonly limits: readonly string[];
  /** What it rests on. */
  readonly grounds: readonly string[];
  /** What is to be known, and counts neither way. */
  readonly notes: readonly string[];
}

function placeText({ address, port }: Probe['from']): string {
  return address === '' ? 'no address' : `${address} port ${String(port)}`;
}

function probeText({ target, from, to, at }: Probe): string {
  return `${target} (from ${placeText(from)} to ${placeText(to)}, ${at})`;
}

/** What must go through does: a way of a pod to our listener, or of a suspect to itself, at the same time. */
function isControlled(probe: Probe, probes: readonly Probe[]): boolean {
  const controls = probes.filter(({ kind, pod }) => kind === 'control' && pod === probe.pod);
  const own = controls.filter(({ target }) => target === probe.target);
  const passes = own.length > 0 && own.every(({ result }) => result === 'through');
  if (probe.kind === 'egress') return passes;
  return passes && controls.some(({ from, result }) => from.who === 'uncontained' && result === 'through');
}

function isDenied(probe: Probe, { probes }: CheckRound): boolean {
  return probe.result === 'denied' && isControlled(probe, probes);
}

function probesOf(pod: string, { probes }: CheckRound): readonly Probe[] {
  return probes.filter((probe) => probe.pod === pod && probe.kind !== 'control' && !probe.mayPass);
}

function allowedBy({ kind }: Probe, view: PolicyView | undefined): readonly string[] {
  return (kind === 'egress' ? view?.egressAllowedBy : view?.ingressAllowedBy) ?? [];
}

function isExplained(probe: Probe, view: PolicyView | undefined): boolean {
  const direction = probe.kind === 'egress' ? 'egress' : 'ingress';
  return allowedBy(probe, view).length > 0 || view?.unrestricted.includes(direction) === true;
}

function judgeProbe(probe: Probe, round: CheckRound, view: PolicyView | undefined): Partial<Findings> {
  const what = `pod ${probe.pod}: ${probeText(probe)}`;
  if (probe.result === 'through') {
    if (!isExplained(probe, view)) return { against: [`${what} went through`] };
    const by = allowedBy(probe, view).join(', ');
    return { limits: [`${what} went through, ${by === '' ? 'as no policy restricts it' : `as policy ${by} allows`}`] };
  }
  if (probe.result !== 'denied') return { limits: [`${what} tells nothing: ${probe.detail}`] };
  if (isDenied(probe, round)) return { grounds: [`${what} was denied: ${probe.detail}`] };
  return { limits: [`${what} tells nothing: what had to go through at the same time did not`] };
}

/** A probe that went through after the same one was denied: somebody lets go again. */
function relapses(pod: string, rounds: readonly CheckRound[]): readonly string[] {
  const denied = new Set<string>();
  const said: string[] = [];
  for (const round of rounds.slice(0, -1)) {
    for (const probe of probesOf(pod, round)) {
      if (isDenied(probe, round)) denied.add(probe.target);
      else if (probe.result === 'through' && denied.has(probe.target))
        said.push(`pod ${pod}: ${probeText(probe)} went through again`);
    }
  }
  return said;
}

function delays(pod: string, rounds: readonly CheckRound[]): readonly string[] {
  const open = rounds.slice(0, -1).filter((round) => probesOf(pod, round).some(({ result }) => result === 'through'));
  const last = open.at(-1);
  return last === undefined
    ? []
    : [`pod ${pod}: probes still went through ${String(last.afterSeconds)} s after the last step`];
}

function policyLimits({ pod, unknown, hostNetwork, unrestricted, ...view }: PolicyView): readonly string[] {
  const name = `pod ${pod}`;
  if (unknown !== null) return [`${name}: which policies hold for it could not be read: ${unknown}`];
  const allowed = (['ingress', 'egress'] as const).flatMap((direction) => {
    const by = view[`${direction}AllowedBy`];
    return by.length === 0 ? [] : [`${name}: ${direction} is allowed by policy ${by.join(', ')}`];
  });
  return [
    ...(hostNetwork ? [`${name} uses the network of its node: NetworkPolicies do not hold for it`] : []),
    ...allowed,
    ...unrestricted.map((direction) => `${name}: no policy restricts its ${direction}`),
  ];
}

function joined(parts: readonly Partial<Findings>[]): Findings {
  const all = (key: keyof Findings): readonly string[] => parts.flatMap((part) => part[key] ?? []);
  return { against: all('against'), limits: all('limits'), grounds: all('grounds'), notes: all('notes') };
}

/**
 * Where policies of others allow both directions, every probe passes whether or not the network plugin enforces anything: a containment
 * that could be undone by one policy must not be told from one that nobody enforces by a guess.
 */
function undecidable(pod: string, probes: readonly Probe[], view: PolicyView | undefined): readonly string[] {
  const open = (['egress', 'ingress'] as const).map((kind) => probes.filter((probe) => probe.kind === kind));
  const isOpen = open.every(
    (ofKind) => ofKind.length > 0 && ofKind.every((one) => one.result === 'through' && allowedBy(one, view).length > 0),
  );
  if (!isOpen) return [];
  const names = [...new Set(probes.flatMap((probe) => allowedBy(probe, view)))].sort().join(', ');
  return [
    `pod ${pod}: policy ${names} allows both directions, so that no probe can show whether any policy is enforced: remove it, or have it select no pod with our label, and repeat the command`,
  ];
}

function judgePod(pod: string, rounds: readonly CheckRound[], last: CheckRound): Findings {
  const view = last.policies.find((one) => one.pod === pod);
  if (view?.gone === true) return joined([{ limits: [`pod ${pod} is gone, or another one bears its name`] }]);
  const probes = probesOf(pod, last);
  const judged = joined(probes.map((probe) => judgeProbe(probe, last, view)));
  const missing = (['egress', 'ingress'] as const)
    .filter((kind) => !probes.some((probe) => probe.kind === kind && isDenied(probe, last)))
    .map((kind) => `pod ${pod}: no probe shows that its ${kind} is denied`);
  return joined([
    { limits: undecidable(pod, probes, view) },
    judged,
    { against: relapses(pod, rounds) },
    { limits: [...(view === undefined ? [] : policyLimits(view)), ...missing], notes: delays(pod, rounds) },
  ]);
}

const flowKey = ({ pod, local, remote }: Flow): string =>
  [pod, local.address, local.port, remote.address, remote.port].join(' ');

function flowLimits({ flows }: CheckRound, before: ContainmentEvidence['flowsBefore']): readonly string[] {
  if (flows === null) return ['which connections the suspects still have is not known'];
  const known = new Set((before ?? []).map(flowKey));
  const texts = flows.map((flow) => {
    const { pod, local, remote } = flow;
    const how = before === null ? 'is there' : known.has(flowKey(flow)) ? 'is still there' : 'was made since';
    return `pod ${pod}: an established flow ${how}: ${local.address} port ${String(local.port)} to ${remote.address} port ${String(remote.port)}`;
  });
  const more = texts.length - MAX_NAMED;
  return more > 0 ? [...texts.slice(0, MAX_NAMED), `${String(more)} more established flows are there`] : texts;
}

/** A step that did not hold at any look, by the first of them. */
function lostSteps(rounds: readonly CheckRound[]): readonly string[] {
  const said = new Map<number, string>();
  for (const { lost, afterSeconds } of rounds)
    for (const { step, name, subject, state } of lost)
      if (!said.has(step))
        said.set(
          step,
          `step ${String(step)} ${name} of ${subject} no longer holds after ${String(afterSeconds)} s: ${state}`,
        );
  return [...said.values()];
}

function lookedAtLater({ rounds, missedSeconds }: ContainmentEvidence): readonly string[] {
  if (missedSeconds.length > 0) return [`interrupted: it was not looked at again after ${missedSeconds.join(', ')} s`];
  const isLater = rounds.some(({ afterSeconds }) => afterSeconds > 0);
  return isLater ? [] : ['it was not looked at again later: controllers put things back after seconds or minutes'];
}

const NOTHING: JudgedContainment = {
  verdict: 'unverified',
  reasons: ['no pod was named as a suspect: there is nothing to be seen from'],
};

/**
 * `verified`: every probe was denied in both directions while what had to go through did, all steps hold whenever they were looked at, no
 * policy allows more, and no connection is left. `unverified`: one got through that nothing explains, or nothing was shown to be denied.
 * `partly`: what lies between, each thing named.
 */
export function judgeContainment(evidence: ContainmentEvidence): JudgedContainment {
  const { suspects, rounds, failures, flowsBefore } = evidence;
  const last = rounds.at(-1);
  if (last === undefined)
    return { verdict: 'unverified', reasons: [...failures, 'it was not looked at whether the containment holds'] };
  if (suspects.length === 0) return { ...NOTHING, reasons: [...failures, ...lostSteps(rounds), ...NOTHING.reasons] };
  const pods = suspects.map((pod) => judgePod(pod, rounds, last));
  const { against, limits: ofPods, grounds, notes } = joined(pods);
  const limits = [
    ...failures,
    ...lostSteps(rounds),
    ...ofPods,
    ...last.unevaluated.map((one) => `policies that are not evaluated are there: ${one}`),
    ...last.notProbed,
    ...flowLimits(last, flowsBefore),
    ...lookedAtLater(evidence),
  ];
  if (against.length > 0 || grounds.length === 0)
    return { verdict: 'unverified', reasons: [...against, ...limits, ...grounds, ...notes] };
  return { verdict: limits.length > 0 ? 'partly' : 'verified', reasons: [...limits, ...grounds, ...notes] };
}
