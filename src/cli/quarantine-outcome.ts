import type { z } from 'zod';
import type { ClusterTools } from '../ports/cluster-tools.js';
import type { Io } from '../ports/io.js';
import type { RequestLog } from '../ports/request-log.js';
import { openContainmentRecord } from '../workflows/quarantine/containment-record.js';
import {
  assertRights,
  prepareQuarantine,
  type PreparedQuarantine,
  tryQuarantine,
} from '../workflows/quarantine/prepare-quarantine.js';
import type { QuarantineRequest } from '../workflows/quarantine/quarantine-request.js';
import { runQuarantine } from '../workflows/quarantine/run-quarantine.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import type { Answers } from './confirm.js';
import { confirmContainment } from './confirm-containment.js';
import type { Context } from './context.js';
import { authorityOf, caseForCollection } from './open-case.js';
import type { CommandOutcome } from './outcome.js';
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

interface Flags extends ClusterFlagValues {
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
export interface GivenFlags {
  readonly 'suspect'?: readonly string[] | undefined;
  readonly 'skip'?: readonly string[] | undefined;
  readonly 'allow-node'?: readonly string[] | undefined;
  readonly 'max-nodes'?: number | undefined;
}

/** As given; nothing where the flags could not be parsed. */
interface Given {
  readonly target: QuarantineRequest['target'];
  readonly name: string | undefined;
  readonly flags: GivenFlags | undefined;
}

/** The command that goes on with the same containment. */
export function quarantineCommand({ target, name, flags }: Given): string {
  const all = (flag: string, values: readonly string[] = []): string[] => values.map((one) => `--${flag}=${one}`);
  const { suspect, skip, 'allow-node': allowed, 'max-nodes': maxNodes } = flags ?? {};
  const atMost = maxNodes === undefined || maxNodes === 1 ? [] : [`--max-nodes=${String(maxNodes)}`];
  const flagWords = [...all('suspect', suspect), ...all('skip', skip), ...all('allow-node', allowed), ...atMost];
  const words = [...(name === undefined ? [] : [name]), ...flagWords];
  const command = target === 'node' ? 'exhibit quarantine node' : 'exhibit quarantine pod';
  return [command, ...words.map(shellWord)].join(' ');
}

function ownMachine({ os, clock }: Context) {
  return { host: os.host, bootId: clock.bootId() };
}

async function dryRun({ request, flags, context }: QuarantineCall): Promise<QuarantineOutcome> {
  const tools = await context.clusterTools(context.clusterTarget(flags), 'dry-run', NO_LOG);
  const prepared = await prepareQuarantine(request, {
    ...{ reader: tools.reader, actuator: tools.actuator, signal: context.signal },
    own: ownMachine(context),
    authority: await authorityOf(context),
    caseToken: (await context.namedCase()) ?? 'new-case',
    plan: 'dry-run',
    earlier: [],
  });
  const plan = quarantinePlan(prepared, await tryQuarantine(prepared, tools));
  return { result: plan, shape: 'quarantine:plan', text: presentQuarantinePlan(plan) };
}

function show({ steps, foresight, isResumed, plan }: PreparedQuarantine, io: Io): void {
  if (isResumed) io.emit('CONTAINMENT_RESUMED', `plan ${plan} of the case is gone on with`);
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
  const record = await openContainmentRecord({ store: await context.store(), caseId, clock });
  try {
    const tools = await context.clusterTools(context.clusterTarget(flags), caseId, record.exhibit.requestLog);
    const prepared = await prepareQuarantine(request, {
      ...{ reader: tools.reader, actuator: tools.actuator, signal, own: ownMachine(context) },
      authority: record.openCase.file.authority,
      caseToken: caseId,
      plan: ids.token(PLAN_LENGTH),
      earlier: record.journal.plans,
    });
    show(prepared, io);
    assertRights(prepared);
    await ask(prepared, call, tools);
    const deps = { reader: tools.reader, actuator: tools.actuator, tool: await context.tool(), os, io, signal };
    const result = quarantineDocument(caseId, await runQuarantine(prepared, record, deps));
    const notice = quarantineNotice(result);
    return { result, text: presentQuarantine(result), ...(notice === null ? {} : { notice }) };
  } finally {
    await record.close();
  }
}
