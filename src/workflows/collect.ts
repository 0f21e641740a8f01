import { ExhibitError } from '../model/errors.js';
import type { ExhibitSpool } from '../evidence/exhibit-spool.js';
import type { OpenCase } from '../evidence/case-store.js';
import { assertNoCopy } from './assert-no-copy.js';
import type { CollectDeps, CollectRequest } from './collect-request.js';
import type { CollectSummary } from './collect-summary.js';
import { refuseOtherNode } from './execute/refuse-other-node.js';
import { Run } from './execute/run.js';
import { readRunStates, writeRunState } from './execute/run-state.js';
import type { RunState } from './execute/run-state.js';
import { notAskedFor, selectCollectors } from './execute/select-collectors.js';
import { checkAuthority, checkScope } from './targets/scope-request.js';

/**
 * Gathers into the case's open exhibit, opening one where there is none. Returns when every planned artifact has its outcome.
 * Throws `INTERRUPTED`, `STORAGE_*`, `CLUSTER_UNAUTHENTICATED` and the like with the exhibit consistent: `resumeCollection` goes on.
 */
export async function collect(request: CollectRequest, deps: CollectDeps): Promise<CollectSummary> {
  checkScope(request.scope);
  assertSomethingAsked(request, deps);
  const openCase = await deps.store.open(deps.caseId);
  try {
    if (openCase.file.state === 'closed') {
      throw new ExhibitError('CASE_CLOSED', `case ${deps.caseId} is closed`, { hints: ['exhibit case open'] });
    }
    const { scope, kubelet, nodeAccess } = request;
    checkAuthority({ ...scope, kubelet, nodeAccess }, openCase.file.authority, deps.clock.nowMs());
    const exhibit = await exhibitFor(openCase, request);
    try {
      const runs = await readRunStates(exhibit.runDirectory);
      refuseOtherNode(runs, request);
      if (runs.some((run) => run.stage !== 'finished')) {
        deps.io.emit(
          'NOTE',
          'an earlier collection into this exhibit was interrupted; exhibit resume finishes what is not in this plan',
        );
      }
      const state: RunState = { run: runs.length + 1, stage: 'begun', request, targets: null };
      await writeRunState(exhibit.runDirectory, state);
      return await new Run({ deps, openCase, exhibit, state }).execute();
    } finally {
      await exhibit.close();
    }
  } finally {
    await openCase.release();
  }
}

/** Finishes every interrupted run of the open exhibit. Throws `NOTHING_TO_RESUME`. */
export async function resumeCollection(deps: CollectDeps): Promise<CollectSummary> {
  const openCase = await deps.store.open(deps.caseId);
  try {
    const exhibit = await openCase.exhibit();
    if (exhibit === null) throw nothingToResume(deps.caseId);
    try {
      const unfinished = (await readRunStates(exhibit.runDirectory)).filter((run) => run.stage !== 'finished');
      let summary: CollectSummary | null = null;
      for (const state of unfinished) {
        const { scope, kubelet, nodeAccess } = state.request;
        checkAuthority({ ...scope, kubelet, nodeAccess }, openCase.file.authority, deps.clock.nowMs());
        await exhibit.custody.append('resumed', { run: state.run, stage: state.stage });
        summary = await new Run({ deps, openCase, exhibit, state }).execute();
      }
      if (summary === null) throw nothingToResume(deps.caseId);
      return summary;
    } finally {
      await exhibit.close();
    }
  } finally {
    await openCase.release();
  }
}

/** An exhibit that can hold nothing is not opened. */
function assertSomethingAsked(request: CollectRequest, { collectors }: CollectDeps): void {
  if (selectCollectors(collectors, request).length > 0) return;
  const left = notAskedFor(collectors, request).join(', ');
  throw new ExhibitError(
    'USAGE_INVALID',
    `nothing of profile ${request.profileName} can be read in this way: ${left}`,
    {
      subject: request.profileName,
      hints: ['exhibit collect --profile full', 'exhibit help collect'],
    },
  );
}

function nothingToResume(caseId: string): ExhibitError {
  return new ExhibitError('NOTHING_TO_RESUME', `case ${caseId} has no interrupted collection`, {
    subject: caseId,
    hints: ['exhibit collect --node NAME', 'exhibit seal'],
  });
}

async function exhibitFor(openCase: OpenCase, request: CollectRequest): Promise<ExhibitSpool> {
  const exhibit = (await openCase.exhibit()) ?? (await openCase.openExhibit({ kind: request.kind }));
  try {
    assertNoCopy(exhibit);
  } catch (error) {
    await exhibit.close();
    throw error;
  }
  if (exhibit.kind !== request.kind) {
    await exhibit.close();
    throw new ExhibitError(
      'USAGE_INVALID',
      `the open exhibit ${exhibit.exhibitId} is of kind ${exhibit.kind}, not ${request.kind}`,
      {
        subject: exhibit.exhibitId,
        hints: ['exhibit seal', 'exhibit case open'],
      },
    );
  }
  return exhibit;
}
