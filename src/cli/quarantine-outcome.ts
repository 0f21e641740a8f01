import type { z } from 'zod';
import type { ClusterTools } from '../ports/cluster-tools.js';
import type { Io } from '../ports/io.js';
import type { RequestLog } from '../ports/request-log.js';
import { plansOfCase } from '../workflows/plans-on-record.js';
import { openContainmentRecord } from '../workflows/quarantine/containment-record.js';
import {
  assertRights,
  prepareQuarantine,
  type PreparedQuarantine,
  tryQuarantine,
} from '../workflows/quarantine/prepare-quarantine.js';
import { volatileTaken } from '../workflows/quarantine/volatile-taken.js';
import type { QuarantineRequest } from '../workflows/quarantine/quarantine-request.js';
import { goneTexts, notInPlanTexts, type SincePlanned } from '../workflows/quarantine/since-planned.js';
import { runQuarantine } from '../workflows/quarantine/run-quarantine.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import type { Answers } from './confirm.js';
import { confirmContainment } from './confirm-containment.js';
import {
  type ContainmentCheckFlagValues,
  containmentChecksOf,
  containmentCheckWords,
} from './containment-check-flags.js';
import type { Context } from './context.js';
import { authorityOf, caseForCollection } from './open-case.js';
import type { CommandOutcome } from './outcome.js';
import { platformFor } from './platform-for.js';
import {
  presentQuarantine,
  presentQuarantinePlan,
  quarantineDocument,
  quarantineNotice,
  quarantinePlan,
  stepSentence,
} from './present-containment.js';
import { refuseSandbox } from './refuse-sandbox.js';
import type { quarantinePlanResult, quarantineResult } from './results/containment-results.js';
import { shellWord } from '../lib/shell-word.js';

/** Characters of the name of a plan. */
const PLAN_LENGTH = 6;
const MAX_SAID = 50;
const NO_LOG: RequestLog = { begin: () => 0, end: () => undefined };

export type QuarantineOutcome =
  CommandOutcome<z.infer<typeof quarantineResult>> | CommandOutcome<z.infer<typeof quarantinePlanResult>>;

interface Flags extends ClusterFlagValues, ContainmentCheckFlagValues, GivenFlags {
  readonly 'dry-run': boolean;
  readonly 'confirm'?: string | undefined;
}

export interface QuarantineCall {
  readonly request: QuarantineRequest;
  readonly flags: Flags;
  readonly context: Context;
  readonly answers: Answers;
}

/** Those without which the same command would be refused, or be about something else. */
export interface GivenFlags extends Partial<ContainmentCheckFlagValues> {
  readonly 'suspect'?: readonly string[] | undefined;
  readonly 'skip'?: readonly string[] | undefined;
  readonly 'allow-node'?: readonly string[] | undefined;
  readonly 'max-nodes'?: number | undefined;
  readonly 'level'?: string | undefined;
  readonly 'cloud'?: string | undefined;
  readonly 'order'?: string | undefined;
  readonly 'keep-reachable'?: readonly string[] | undefined;
  readonly 'lose-volatile'?: readonly string[] | undefined;
  readonly 'suspend-scaling'?: boolean | undefined;
  readonly 'shift-others'?: boolean | undefined;
  readonly 'shift-wait'?: number | undefined;
}

/** As given; nothing where the flags could not be parsed. */
interface Given {
  readonly target: QuarantineRequest['target'];
  readonly names: readonly string[];
  readonly flags: GivenFlags | undefined;
}

const GIVEN = [
  ...(['suspect', 'level', 'cloud', 'order', 'keep-reachable', 'skip', 'allow-node'] as const),
  ...(['lose-volatile', 'max-nodes', 'shift-wait'] as const),
] as const satisfies readonly (keyof GivenFlags)[];
type GivenFlag = (typeof GIVEN)[number];
const SWITCHES = ['suspend-scaling', 'shift-others'] as const;
const DEFAULTS: Readonly<Partial<Record<GivenFlag, string>>> = {
  'level': 'hold',
  'order': 'preserve-first',
  'max-nodes': '1',
  'shift-wait': '120',
};

/** The command that goes on with the same containment. */
export function quarantineCommand({ target, names, flags = {} }: Given): string {
  const all = (flag: GivenFlag): string[] => {
    const given = flags[flag] ?? [];
    const values = typeof given === 'object' ? given : [String(given)];
    return values.filter((one) => one !== DEFAULTS[flag]).map((one) => `--${flag}=${one}`);
  };
  const switches = SWITCHES.flatMap((flag) => (flags[flag] === true ? [`--${flag}`] : []));
  const words = [...names, ...GIVEN.flatMap(all), ...switches, ...containmentCheckWords(flags)];
  const command = target === 'node' ? 'exhibit quarantine node' : 'exhibit quarantine pod';
  return [command, ...words.map(shellWord)].join(' ');
}

/** The command that contains the pods that are not in the plan, by one of their own; `null` = that would go on with this plan as well. */
function ownPlanCommand({ request, flags }: QuarantineCall, { notInPlan }: SincePlanned): string | null {
  const pods = notInPlan.filter(({ isReplacement }) => !isReplacement);
  const nodes = new Set(pods.map(({ node }) => node));
  const { 'level': _level, 'cloud': _cloud, 'order': _order, 'keep-reachable': _keep, ...others } = flags;
  const { 'shift-others': _shift, 'shift-wait': _wait, 'suspend-scaling': _suspend, ...same } = others;
  const own: GivenFlags = {
    ...same,
    'suspect': pods.map(({ namespace, name }) => `${namespace}/${name}`),
    'max-nodes': Math.max(request.maxNodes, nodes.size),
  };
  const command = quarantineCommand({ target: 'pod', names: [], flags: own });
  const { target, names } = request;
  return command === quarantineCommand({ target, names: [...names], flags }) ? null : command;
}

function ownMachine({ os, clock }: Context) {
  return { host: os.host, bootId: clock.bootId() };
}

async function dryRun({ request, flags, context }: QuarantineCall): Promise<QuarantineOutcome> {
  const tools = await context.clusterTools(context.clusterTarget(flags), 'dry-run', NO_LOG);
  const { reader, actuator } = tools;
  const platform = await platformFor(context, request.cloud ?? null, { caseToken: 'dry-run', requestLog: NO_LOG });
  const caseId = await context.namedCase();
  const caseToken = caseId ?? 'new-case';
  const prepared = await prepareQuarantine(request, {
    ...{ reader, actuator, platform, signal: context.signal, clock: context.clock },
    own: ownMachine(context),
    authority: await authorityOf(context),
    ...{ caseToken, plan: 'dry-run', earlier: caseId === null ? [] : plansOfCase(context.locations, caseId) },
    // Nothing is lost by a plan.
    volatileTaken: (nodes) => Promise.resolve(new Set(nodes)),
  });
  const plan = quarantinePlan(prepared, await tryQuarantine(prepared, { actuator, platform, caseToken }));
  return { result: plan, shape: 'quarantine:plan', text: presentQuarantinePlan(plan) };
}

function show({ steps, foresight, isResumed, plan, since }: PreparedQuarantine, io: Io): void {
  if (isResumed) io.emit('CONTAINMENT_RESUMED', `plan ${plan} of the case is gone on with`);
  for (const text of [...notInPlanTexts(since, plan), ...goneTexts(since, plan)].slice(0, MAX_SAID))
    io.emit('CONTAINMENT_SINCE', text);
  for (const step of steps.slice(0, MAX_SAID)) io.emit('CONTAINMENT_PLAN', stepSentence(step));
  if (steps.length > MAX_SAID) io.emit('CONTAINMENT_PLAN', `... and ${String(steps.length - MAX_SAID)} more steps`);
  for (const text of foresight.sideEffects.slice(0, MAX_SAID)) io.emit('CONTAINMENT_PLAN', `side effect: ${text}`);
  for (const text of foresight.notAchieved.slice(0, MAX_SAID)) io.emit('CONTAINMENT_LIMIT', text);
}

async function ask(
  { target, confirmWord, steps }: PreparedQuarantine,
  { flags, answers }: QuarantineCall,
  { reader }: Pick<ClusterTools, 'reader'>,
) {
  const question = `${String(steps.length)} changes hold ${target.name} on ${reader.facts.server}.`;
  await confirmContainment({ question, word: confirmWord, given: flags.confirm }, answers);
}

/** Plan on the screen, confirmation, and the containment itself. */
export async function quarantineOutcome(call: QuarantineCall): Promise<QuarantineOutcome> {
  const { request, flags, context } = call;
  if (flags['dry-run']) return await dryRun(call);
  const caseId = await caseForCollection(context);
  await refuseSandbox(context, caseId);
  const { clock, ids, io, signal, os } = context;
  const verification = containmentChecksOf(flags, context, caseId);
  const record = await openContainmentRecord({ store: await context.store(), caseId, clock });
  try {
    const { exhibit } = record;
    const { requestLog } = exhibit;
    const tools = await context.clusterTools(context.clusterTarget(flags), caseId, requestLog);
    const { reader, actuator } = tools;
    const platform = await platformFor(context, request.cloud ?? null, { caseToken: caseId, requestLog });
    const prepared = await prepareQuarantine(request, {
      ...{ reader, actuator, platform, signal, clock, own: ownMachine(context) },
      authority: record.openCase.file.authority,
      caseToken: caseId,
      plan: ids.token(PLAN_LENGTH),
      earlier: record.journal.plans,
      volatileTaken: async (nodes) => await volatileTaken(nodes, exhibit),
    });
    show(prepared, io);
    assertRights(prepared);
    await ask(prepared, call, tools);
    const cloud = platform === null ? null : { actuator: platform.actuator, caseToken: caseId };
    const shiftWaitMs = (flags['shift-wait'] ?? 120) * 1000;
    const deps = { reader, actuator, cloud, tool: await context.tool(), os, io, signal, verification, shiftWaitMs };
    const result = quarantineDocument(caseId, await runQuarantine(prepared, record, deps));
    const notice = quarantineNotice(result, ownPlanCommand(call, result));
    return { result, text: presentQuarantine(result), ...(notice === null ? {} : { notice }) };
  } finally {
    await record.close();
  }
}
