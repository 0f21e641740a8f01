import { z } from 'zod';
import { parseJson } from '../../lib/untyped.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { kubeletRight } from '../kubelet-right.js';
import { captureBody } from '../capture-body.js';
import { DerivedLines } from '../derived-lines.js';
import { concernsOneAnswer } from '../interrupted.js';
import { judgeJson } from '../json-body.js';
import { nodeSubject } from '../node-subject.js';
import { distinctSegments, keyPart, urlPart } from '../segments.js';
import { parseSummary } from './parse-summary.js';
import { StatsSeries } from './series.js';
import { pause } from './pause.js';

const ID = 'stats-series';
const MAX_SUMMARY_BYTES = 16 * 1024 * 1024;
/** A kubelet measures its containers every ten seconds or so. */
const INTERVAL_SECONDS = 5;

const DOC = `
With \`--kubelet\` and \`--stats-seconds N\`: \`/stats/summary\` of each kubelet in scope every five seconds for N seconds, as received, in
\`data/nodes/<node>/stats/\`, so that a process that works all the time, as a miner does, differs from one that was caught working. One line
per container, pod (empty container) and node in \`data/derived/nodes/<node>/stats-series.jsonl\`: least, most and last CPU in billionths of
a core, most memory, what was sent, received and written between first and last sample. \`measured\` counts the samples in which the node had
measured anew: two with the same time are one measurement.

Vantage \`kubelet\`: figures of a node that somebody else owns are what its owner wants. A container that lived between two samples is not in
them. Needs \`get\` on \`nodes/proxy\`.
`;

const plannedSchema = z.strictObject({ node: z.string(), uid: z.string(), machineId: z.string(), segment: z.string() });
type PlannedSeries = z.infer<typeof plannedSchema>;

const summaryPath = (node: string) => `/api/v1/nodes/${urlPart(node)}/proxy/stats/summary`;

async function* plan({ targets, limits }: PlanContext): AsyncGenerator<PlannedArtifact> {
  if ((limits.statsSeconds ?? 0) === 0) return;
  const segments = distinctSegments(targets.nodes.map(({ name }) => name));
  for (const { name, uid, machineId } of targets.nodes) {
    const data: PlannedSeries = { node: name, uid, machineId, segment: segments.get(name) ?? '_' };
    yield { artifact: `${ID}/${keyPart(name)}`, required: true, source: summaryPath(name), node: name, data };
  }
  await Promise.resolve();
}

/** Seconds after the first sample at which the others are taken; the last one at the end, however short the series is. */
export function sampleTimes(seconds: number): readonly number[] {
  const times: number[] = [];
  for (let at = 0; at < seconds; at += INTERVAL_SECONDS) times.push(at);
  return [...times, seconds];
}

interface Sampling {
  readonly planned: PlannedArtifact;
  readonly target: PlannedSeries;
  readonly series: StatsSeries;
  readonly paths: string[];
}

/** Takes one sample; its outcome is that of a JSON document that is a summary. */
async function sample(sampling: Sampling, number: number, context: CollectContext): Promise<CollectResult> {
  const { planned, target, series, paths } = sampling;
  return await captureBody(
    {
      request: {
        path: summaryPath(target.node),
        kind: 'stream',
        node: target.node,
        idleTimeoutMs: context.limits.idleTimeoutMs,
        maxBytes: MAX_SUMMARY_BYTES,
      },
      draft: {
        path: `data/nodes/${target.segment}/stats/summary-${String(number).padStart(4, '0')}.json`,
        artifact: planned.artifact,
        collector: ID,
        vantage: 'kubelet',
        sensitivity: 'normal',
      },
      keepBytes: MAX_SUMMARY_BYTES,
      subject: nodeSubject(target),
      judge: (body) => {
        const result = judgeJson(body);
        if (result.outcome !== 'collected') return result;
        const summary = parseSummary(parseJson(body.head));
        if (summary === null)
          return {
            ...result,
            outcome: 'partial',
            reason: 'no-summary',
            detail: 'The document is no summary of a node.',
          };
        series.add(summary.rows);
        series.left += summary.left;
        if (body.path !== null) paths.push(body.path);
        return result;
      },
    },
    context,
  );
}

async function derive(sampling: Sampling, context: CollectContext): Promise<void> {
  const file = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${sampling.target.segment}/stats-series.jsonl`,
    artifact: sampling.planned.artifact,
    collector: ID,
    vantage: 'kubelet',
    sensitivity: 'normal',
  });
  try {
    for (const line of sampling.series.lines()) await file.add(line);
    await file.commit(nodeSubject(sampling.target), sampling.paths);
  } finally {
    await file.abort();
  }
}

/** As `sample`, but a source that fails once does not end the series. */
async function trySample(sampling: Sampling, number: number, context: CollectContext): Promise<CollectResult> {
  try {
    return await sample(sampling, number, context);
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return { outcome: 'failed', reason: 'no-answer', detail: error.message, proof: { error: error.code } };
  }
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const sampling: Sampling = {
    planned,
    target: plannedSchema.parse(planned.data),
    series: new StatsSeries(),
    paths: [],
  };
  const results: CollectResult[] = [];
  let waited = 0;
  for (const [index, at] of sampleTimes(context.limits.statsSeconds ?? 0).entries()) {
    await pause((at - waited) * 1000, context.signal);
    waited = at;
    const result = await trySample(sampling, index + 1, context);
    results.push(result);
    // Neither a missing right nor a missing endpoint comes back within the series.
    if (result.outcome === 'denied' || result.outcome === 'absent') break;
  }
  if (sampling.paths.length > 0) await derive(sampling, context);
  return conclude(results, sampling.series.left);
}

function conclude(results: readonly CollectResult[], left: number): CollectResult {
  const whole = results.filter(({ outcome }) => outcome === 'collected').length;
  const other = results.find(({ outcome }) => outcome !== 'collected');
  const proof = { samples: results.length, whole, ...(left > 0 ? { rowsLeftOut: left } : {}) };
  const attempts = results.reduce((sum, result) => sum + (result.attempts ?? 1), 0);
  if (other === undefined && left === 0)
    return { outcome: 'collected', reason: 'complete', detail: '', proof, attempts };
  if (other === undefined) {
    const detail = 'More containers than are condensed; the samples themselves are whole.';
    return { outcome: 'partial', reason: 'limit', detail, proof, attempts };
  }
  const obtained = results.some(({ outcome }) => outcome === 'collected' || outcome === 'partial');
  const outcome = obtained ? 'partial' : other.outcome;
  return { outcome, reason: obtained ? 'samples-missing' : other.reason, detail: other.detail, proof, attempts };
}

export const collector: Collector = {
  id: ID,
  title: 'Statistics of containers over time',
  doc: DOC.trim(),
  volatility: 'V1',
  tags: ['kubelet', 'node', 'state', 'volatile'],
  needsKubelet: true,
  needs: ['nodes'],
  permissions: [kubeletRight('The kubelet through the API server.')],
  plan,
  collect,
};
