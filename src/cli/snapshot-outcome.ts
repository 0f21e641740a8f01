import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import type { Platform } from '../ports/platform.js';
import type { RequestLog } from '../ports/request-log.js';
import { planSnapshots } from '../workflows/snapshot/plan-snapshots.js';
import type { ServiceOf } from '../workflows/snapshot/record-snapshots.js';
import {
  lookAgain,
  runSnapshots,
  type SnapshotDeps,
  type SnapshotSummary,
  type SnapshotWishes,
} from '../workflows/snapshot/run-snapshots.js';
import {
  openSnapshotBook,
  recordSnapshotOpening,
  type SnapshotRecordBook,
} from '../workflows/snapshot/snapshot-record.js';
import { sourceName, type SnapshotSource } from '../workflows/snapshot/snapshot-source.js';
import { type Answers, confirm } from './confirm.js';
import { confirmContainment } from './confirm-containment.js';
import type { Context } from './context.js';
import { caseForCollection } from './open-case.js';
import type { CommandOutcome } from './outcome.js';
import {
  presentSnapshotPlan,
  presentSnapshots,
  snapshotDocument,
  snapshotNotice,
  snapshotPlanDocument,
  snapshotPlanNotice,
} from './present-snapshots.js';
import { renderBytes } from './quantities.js';
import { refuseSandbox } from './refuse-sandbox.js';
import type { snapshotPlanResult, snapshotResult } from './results/snapshot-results.js';
import { type SnapshotFlagValues, snapshotWishes } from './snapshot-flags.js';
import { snapshotServices } from './snapshot-services.js';

const NO_LOG: RequestLog = { begin: () => 0, end: () => undefined };

export type SnapshotOutcome =
  CommandOutcome<z.infer<typeof snapshotResult>> | CommandOutcome<z.infer<typeof snapshotPlanResult>>;

/** What finding the sources may use. */
export interface Surroundings {
  readonly caseToken: string;
  readonly requestLog: RequestLog;
  readonly platform: Platform;
  readonly account: string;
  readonly serviceOf: ServiceOf;
}

/** What is known before AWS is asked anything. */
export type Beginning = Pick<Surroundings, 'caseToken' | 'requestLog'>;

export interface SnapshotCall {
  /** Where it is, for users whose settings name no region; `null` = nothing says so. */
  readonly region: (beginning: Beginning) => Promise<string | null>;
  readonly sources: (surroundings: Surroundings) => Promise<readonly SnapshotSource[]>;
  readonly flags: SnapshotFlagValues & { readonly 'dry-run': boolean };
  /** Goes on with the same. */
  readonly resume: string;
  readonly context: Context;
  readonly answers: Answers;
}

interface Opened extends Surroundings {
  readonly principal: string;
  readonly close: () => void;
}

async function surroundings(context: Context, beginning: Beginning, regionOf: SnapshotCall['region']): Promise<Opened> {
  const { caseToken, requestLog } = beginning;
  const platform = await context.aws(beginning);
  const region = await regionOf(beginning);
  const { account, principal } = await platform.identity(region === null ? undefined : { region });
  const { serviceOf, close } = snapshotServices(context, { caseToken, requestLog, account });
  return { caseToken, requestLog, platform, account, principal, serviceOf, close };
}

async function dryRun({ sources, region, context }: SnapshotCall, wishes: SnapshotWishes): Promise<SnapshotOutcome> {
  const opened = await surroundings(context, { caseToken: 'dry-run', requestLog: NO_LOG }, region);
  try {
    const plan = snapshotPlanDocument(await planSnapshots(await sources(opened), wishes, opened.serviceOf));
    const notice = snapshotPlanNotice(plan);
    const text = presentSnapshotPlan(plan);
    return { result: plan, shape: 'snapshot:plan', text, ...(notice === null ? {} : { notice }) };
  } finally {
    opened.close();
  }
}

function depsOf(context: Context, { caseToken, serviceOf }: Opened, book: SnapshotRecordBook): SnapshotDeps {
  const { ids, io, signal } = context;
  return { book, serviceOf, caseToken, ids, io, pause: async (ms) => await wait(ms, undefined, { signal }) };
}

async function askForLock({ lock }: SnapshotWishes, { flags, answers }: Pick<SnapshotCall, 'flags' | 'answers'>) {
  if (lock?.mode !== 'compliance') return;
  const word = flags['lock-until'] ?? '';
  const question = `Until ${word} nobody can delete the snapshots or shorten the lock, the account's root user included.`;
  await confirmContainment({ question, word, given: flags.confirm }, answers);
}

async function ask(sources: readonly SnapshotSource[], call: SnapshotCall, wishes: SnapshotWishes): Promise<void> {
  const { context, answers } = call;
  for (const source of sources)
    for (const { id, deviceName, claim, sizeBytes } of source.wanted)
      context.io.emit(
        'SNAPSHOT_PLAN',
        `${[id, deviceName].join(' ').trim()} of ${renderBytes(sizeBytes)}${claim === null ? '' : `, of claim ${claim}`}`,
      );
  const count = sources.reduce((sum, { wanted }) => sum + wanted.length, 0);
  const names = sources.map(sourceName).join(' and ');
  await confirm(`Snapshots of ${String(count)} volumes are made: ${names}.`, answers);
  await askForLock(wishes, call);
}

interface BookCall {
  readonly caseId: string;
  readonly wishes: SnapshotWishes;
  readonly region: (beginning: Beginning, book: SnapshotRecordBook) => Promise<string | null>;
}

/** The snapshots of a case with everything that they need, which is closed again, and what is said of them. */
async function withBook(
  { context, resume }: Pick<SnapshotCall, 'context' | 'resume'>,
  { caseId, wishes, region }: BookCall,
  act: (opened: Opened, book: SnapshotRecordBook) => Promise<SnapshotSummary>,
): Promise<CommandOutcome<z.infer<typeof snapshotResult>>> {
  const book = await openSnapshotBook({ store: await context.store(), caseId, clock: context.clock });
  try {
    const beginning = { caseToken: caseId, requestLog: book.exhibit.requestLog };
    const opened = await surroundings(context, beginning, (known) => region(known, book));
    try {
      const summary = await act(opened, book);
      const notice = snapshotNotice(summary, { waited: wishes.waitLimitMs !== null, resume });
      const text = presentSnapshots(summary);
      return { result: snapshotDocument(caseId, summary), text, ...(notice === null ? {} : { notice }) };
    } finally {
      opened.close();
    }
  } finally {
    await book.close();
  }
}

async function recordOpening({ principal }: Opened, book: SnapshotRecordBook, context: Context): Promise<void> {
  await recordSnapshotOpening(book, { tool: await context.tool(), os: context.os, principal });
}

/** Plan, confirmation, and the snapshots themselves. */
export async function snapshotOutcome(call: SnapshotCall): Promise<SnapshotOutcome> {
  const { context, flags } = call;
  const wishes = snapshotWishes(flags, context.clock.nowMs());
  if (flags['dry-run']) return await dryRun(call, wishes);
  const caseId = await caseForCollection(context);
  await refuseSandbox(context, caseId);
  return await withBook(call, { caseId, wishes, region: call.region }, async (opened, book) => {
    const sources = await call.sources(opened);
    await ask(sources, call, wishes);
    await recordOpening(opened, book, context);
    return await runSnapshots(sources, wishes, depsOf(context, opened, book));
  });
}

/** Looks at every snapshot of the case again. */
export async function snapshotStatusOutcome(
  call: Omit<SnapshotCall, 'sources' | 'region' | 'flags'> & { readonly flags: SnapshotFlagValues },
): Promise<CommandOutcome<z.infer<typeof snapshotResult>>> {
  const { context, flags, answers } = call;
  const wishes = snapshotWishes(flags, context.clock.nowMs());
  const caseId = await context.caseId();
  await askForLock(wishes, { flags: { ...flags, 'dry-run': false }, answers });
  const region = async (_: Beginning, { log }: SnapshotRecordBook): Promise<string | null> =>
    await Promise.resolve(log.snapshots[0]?.region ?? null);
  return await withBook(call, { caseId, wishes, region }, async (opened, book) => {
    await recordOpening(opened, book, context);
    return await lookAgain(wishes, depsOf(context, opened, book));
  });
}
