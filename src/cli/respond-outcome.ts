import type { z } from 'zod';
import { toRfc3339 } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import { shellWord } from '../lib/shell-word.js';
import { type ContainmentRecord, openContainmentRecord } from '../workflows/quarantine/containment-record.js';
import type { PreparedQuarantine } from '../workflows/quarantine/prepare-quarantine.js';
import { planCollection } from '../workflows/plan-collection.js';
import { respond, type RespondSummary } from '../workflows/respond/respond.js';
import {
  askedOf,
  endedPhase,
  readRespondState,
  type RespondRequest,
  type RespondState,
  writeRespondState,
} from '../workflows/respond/respond-state.js';
import { lossOf } from '../workflows/respond/loss-of.js';
import { resolveTarget } from '../workflows/respond/resolve-target.js';
import { wasReleased } from '../workflows/respond/was-released.js';
import { readRunStates } from '../workflows/execute/run-state.js';
import type { Answers } from './confirm.js';
import { confirmContainment } from './confirm-containment.js';
import type { Context } from './context.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import { authorityOf, caseForCollection } from './open-case.js';
import type { CommandOutcome } from './outcome.js';
import { presentRespond, respondDocument, respondNotice } from './present-respond.js';
import { refuseSandbox } from './refuse-sandbox.js';
import { type RespondCall, respondRequestOf } from './respond-request.js';
import { respondPlan } from './respond-plan.js';
import { assertMayContain, showResponse } from './respond-screen.js';
import { openRespondTools, openSealing, prepareInCase, respondDeps, type RespondTools } from './respond-tools.js';
import type { respondPlanResult, respondResult } from './results/respond-results.js';

type Outcome = CommandOutcome<z.infer<typeof respondResult>>;

export type RespondOutcome = Outcome | CommandOutcome<z.infer<typeof respondPlanResult>>;

export interface GoOnCall {
  readonly clusterFlags: ClusterFlagValues;
  readonly passphraseFd: string | undefined;
  readonly context: Context;
  readonly answers: Answers;
}

/** The response of a case that is not at its end; `null` = there is none. Throws `CASE_*`, `STORAGE_*`. */
export async function liveResponse(context: Context, caseId: string): Promise<RespondState | null> {
  const openCase = await (await context.store()).open(caseId);
  try {
    const state = await readRespondState(openCase.directory);
    if (state === null || endedPhase(state, 'seal')?.outcome === 'done') return null;
    const exhibit = openCase.exhibits.find(({ exhibitId }) => exhibitId === state.exhibitId);
    return exhibit?.state === 'open' ? state : null;
  } finally {
    await openCase.release();
  }
}

function outcomeOf(caseId: string, summary: RespondSummary): Outcome {
  const result = respondDocument(caseId, summary);
  const notice = respondNotice(result);
  return { result, shape: 'respond', text: presentRespond(result), ...(notice === null ? {} : { notice }) };
}

/** As it is to be done; of an unfinished response an error where it cannot be planned again, since the rest goes on without it. */
async function preparedAgain(context: Context, state: RespondState, tools: RespondTools) {
  try {
    const prepared = await prepareInCase(context, state.request, tools);
    const { uids } = prepared.target;
    if (prepared.isResumed) return prepared;
    if (wasReleased(state, prepared.target.asked, tools.record.journal.plans))
      return new ExhibitError('DECLINED', 'what this response had changed was released since; it is not done again', {
        subject: prepared.target.name,
      });
    if (uids.join() === state.uids.join()) return prepared;
    const message = 'what is there now under the name is not what was confirmed';
    return new ExhibitError('TARGET_REPLACED', message, { subject: prepared.target.name });
  } catch (error) {
    if (error instanceof ExhibitError && !context.signal.aborted) return error;
    throw error;
  }
}

/** Goes on with a response that was confirmed, where it stopped. Throws as `respond`. */
export async function goOnResponding(state: RespondState, caseId: string, call: GoOnCall): Promise<Outcome> {
  const { context, clusterFlags, passphraseFd, answers } = call;
  const { request, exhibitId } = state;
  const sealing = await openSealing(context, request, { passphraseFd, answers });
  const record = await openContainmentRecord({ store: await context.store(), caseId, clock: context.clock });
  try {
    context.io.emit('RESPOND_RESUMED', `the response to ${request.target} ${request.names.join(', ')} goes on`, {
      exhibitId,
    });
    const tools = await openRespondTools(context, request.cloud, { clusterFlags, caseId, record });
    const prepared = await preparedAgain(context, state, tools);
    const deps = await respondDeps(context, request, { tools, sealing });
    return outcomeOf(caseId, await respond({ state, prepared, record }, deps));
  } finally {
    await record.close();
  }
}

function refuseOther(live: RespondState, request: RespondRequest, caseId: string): void {
  if (askedOf(live.request) === askedOf(request)) return;
  const { target, names } = live.request;
  throw new ExhibitError(
    'USAGE_INVALID',
    `a response to ${target} ${names.join(', ')} is not at its end in case ${caseId}`,
    {
      subject: caseId,
      hints: [`exhibit resume --case ${shellWord(caseId)}`, 'exhibit seal', 'exhibit case open'],
      safe: 'Nothing was changed.',
    },
  );
}

/** What may be lost is named when it turns out that it was not collected. */
function withLoss(live: RespondState, { loseVolatile }: RespondRequest): RespondState {
  const both = [...new Set([...live.request.loseVolatile, ...loseVolatile])];
  return { ...live, request: { ...live.request, loseVolatile: both } };
}

async function stateOf(
  request: RespondRequest,
  { target, scene }: PreparedQuarantine,
  { record, context }: { record: ContainmentRecord; context: Context },
): Promise<RespondState> {
  const { exhibit } = record;
  const runs = await readRunStates(exhibit.runDirectory);
  return {
    format: 'exhibit-respond/1',
    exhibitId: exhibit.exhibitId,
    request,
    uids: target.uids,
    suspects: scene.suspects.map(({ namespace, name }) => ({ namespace, name })),
    confirmedAt: toRfc3339(context.clock.nowMs()),
    earlierRuns: runs.length,
    run: null,
    phases: [],
    contained: null,
  };
}

/** What is to be confirmed, on the screen; nothing is written anywhere but into the request log. */
async function planned(call: RespondCall, request: RespondRequest, tools: RespondTools): Promise<PreparedQuarantine> {
  const { context } = call;
  const { io, clock, signal, scratchDirectory } = context;
  const prepared = await prepareInCase(context, request, tools);
  const loss = request.collect.nodeAccess.length > 0 ? null : await lossOf(request, prepared, tools.record.exhibit);
  // No way leads to the nodes: nothing will have been read of them when it comes to severing them.
  if (loss !== null) throw loss;
  const collection = await planCollection(request.collect, {
    ...{ clock, io, signal, scratchDirectory },
    collectors: await context.collectors(),
    connect: context.connector(context.clusterTarget(tools.clusterFlags), tools.caseId),
    authority: await authorityOf(context),
  });
  showResponse({ prepared, collection, request }, tools.reader.facts.server, io);
  await assertMayContain(prepared, tools, { username: collection.identity, io });
  return prepared;
}

async function begin(call: RespondCall, record: ContainmentRecord, caseId: string): Promise<Outcome> {
  const { text, flags, context, answers } = call;
  const { requestLog } = record.exhibit;
  const { reader } = await context.clusterTools(context.clusterTarget(flags), caseId, requestLog);
  const request = await respondRequestOf(await resolveTarget(text, reader), flags, context);
  const tools = await openRespondTools(context, request.cloud, { clusterFlags: flags, caseId, record });
  const prepared = await planned(call, request, tools);
  const sealing = await openSealing(context, request, { passphraseFd: flags['passphrase-fd'], answers });
  const deps = await respondDeps(context, request, { tools, sealing });
  const question = `The response changes ${String(prepared.steps.length)} things at ${prepared.target.name} on ${reader.facts.server}.`;
  await confirmContainment({ question, word: prepared.confirmWord, given: flags.confirm }, answers);
  const state = await stateOf(request, prepared, { record, context });
  await writeRespondState(record.openCase.directory, state);
  return outcomeOf(caseId, await respond({ state, prepared, record }, deps));
}

/** Plan on the screen, typed confirmation, and the response itself; goes on with one of the same request that is not at its end. */
export async function respondOutcome(call: RespondCall): Promise<RespondOutcome> {
  const { text, flags, context, answers } = call;
  if (flags['dry-run']) return await respondPlan(call);
  const caseId = await caseForCollection(context);
  await refuseSandbox(context, caseId);
  const live = await liveResponse(context, caseId);
  if (live !== null) {
    const reader = await context.connector(
      context.clusterTarget(flags),
      caseId,
    )({ begin: () => 0, end: () => undefined });
    const target = await resolveTarget(text, reader).finally(async () => await reader.close());
    const request = await respondRequestOf(target, flags, context);
    refuseOther(live, request, caseId);
    return await goOnResponding(withLoss(live, request), caseId, {
      ...call,
      clusterFlags: flags,
      passphraseFd: flags['passphrase-fd'],
      answers,
    });
  }
  const record = await openContainmentRecord({ store: await context.store(), caseId, clock: context.clock });
  try {
    return await begin(call, record, caseId);
  } finally {
    await record.close();
  }
}
