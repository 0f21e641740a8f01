import type { z } from 'zod';
import type { RequestLog } from '../ports/request-log.js';
import { planCollection } from '../workflows/plan-collection.js';
import { plansOfCase } from '../workflows/plans-on-record.js';
import { tryQuarantine } from '../workflows/quarantine/prepare-quarantine.js';
import { PHASE_TEXTS } from '../workflows/respond/phase-log.js';
import { resolveTarget } from '../workflows/respond/resolve-target.js';
import { PHASES } from '../workflows/respond/respond-state.js';
import { authorityOf } from './open-case.js';
import type { CommandOutcome } from './outcome.js';
import { platformFor } from './platform-for.js';
import { presentPlan } from './present-collect.js';
import { presentQuarantinePlan, quarantinePlan } from './present-containment.js';
import { type RespondCall, respondRequestOf } from './respond-request.js';
import { prepareContainment } from './respond-tools.js';
import type { respondPlanResult } from './results/respond-results.js';
import { renderTable } from './table.js';

const NO_LOG: RequestLog = { begin: () => 0, end: () => undefined };

/** What a response would do, each change tried by the server and kept by nobody. Throws as the response itself before its question. */
export async function respondPlan({
  text,
  flags,
  context,
}: Omit<RespondCall, 'answers'>): Promise<CommandOutcome<z.infer<typeof respondPlanResult>>> {
  const { clock, io, signal, scratchDirectory } = context;
  const target = context.clusterTarget(flags);
  const { reader, actuator } = await context.clusterTools(target, 'dry-run', NO_LOG);
  const request = await respondRequestOf(await resolveTarget(text, reader), flags, context);
  const platform = await platformFor(context, request.cloud, { caseToken: 'dry-run', requestLog: NO_LOG });
  const named = await context.namedCase();
  const caseId = named ?? 'new-case';
  const earlier = named === null ? [] : plansOfCase(context.locations, named);
  const authority = await authorityOf(context);
  const tools = { reader, actuator, platform, caseId };
  const prepared = await prepareContainment(context, request, { ...tools, authority, earlier });
  const said = await tryQuarantine(prepared, { ...tools, caseToken: caseId });
  const collection = await planCollection(request.collect, {
    ...{ clock, io, signal, scratchDirectory, authority },
    collectors: await context.collectors(),
    connect: context.connector(target, 'dry-run'),
  });
  const containment = quarantinePlan(prepared, said);
  const phases = PHASES.map((phase) => ({ phase, does: PHASE_TEXTS[phase] }));
  const table = renderTable(
    ['phase', 'does'],
    phases.map(({ phase, does }) => [phase, does]),
  );
  const parts = [table, presentQuarantinePlan(containment), presentPlan(collection, request.collect.scope)];
  return { result: { phases, containment, collection }, shape: 'respond:plan', text: parts.join('\n\n') };
}
