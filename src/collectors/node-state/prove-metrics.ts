import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Proof } from '../../model/outcome.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { ReadRequest } from '../../ports/cluster-reader.js';
import { concernsOneAnswer, interrupted } from '../interrupted.js';
import { MetricNames } from './metric-names.js';

const MAX_SHOWN = 5;

interface SecondRead {
  /** Stable word; `complete` where the comparison can be made. */
  readonly end: string;
  readonly names: MetricNames;
}

async function readAgain(request: ReadRequest, context: CollectContext): Promise<SecondRead> {
  const names = new MetricNames();
  let isText = false;
  try {
    const answer = await context.cluster.stream(
      { ...request, signal: context.signal },
      {
        head: (status) => (isText = status === 200),
        chunk: (bytes) => {
          if (isText) names.feed(bytes);
        },
      },
    );
    if (answer.end === 'aborted') throw interrupted();
    return { end: answer.status === 200 ? answer.end : `status-${String(answer.status)}`, names };
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return { end: error.code.toLowerCase().replaceAll('_', '-'), names };
  }
}

/** Why the second read does not prove the first one's end; `null` when it does. */
function objection(first: MetricNames, second: SecondRead): { readonly why: string; readonly proof: Proof } | null {
  const { end, names } = second;
  if (end !== 'complete') return { why: `The second read, which would prove the end, ended with ${end}.`, proof: {} };
  if (first.overflowed || names.overflowed) return { why: 'There are more metric names than are compared.', proof: {} };
  if (names.names.size === 0) return { why: 'The second read held no metric to compare with.', proof: {} };
  const missing = [...names.names].filter((name) => !first.names.has(name));
  if (missing.length > 0) {
    const shown = missing.slice(0, MAX_SHOWN).join(', ');
    const why = `A second read has ${String(missing.length)} metric names that the first one lacks: ${shown}.`;
    return { why, proof: { familiesMissing: missing.length } };
  }
  if (first.lastSeries === names.lastSeries) return null;
  const why = 'A second read ends with another series than the first one, which may have lost the rest.';
  return { why, proof: { lastSeries: 'differs' } };
}

/**
 * The text format has no end mark, and an answer that ends cleanly but early between two lines looks whole. Reads the metrics once more:
 * the first read stays `collected` only when it has every metric name of the second and ends with the same series. Otherwise it is
 * `partial`, reason `unproven-end`. The second answer is compared and dropped. Throws `INTERRUPTED` and what the reader throws for the run.
 */
export async function proveMetrics(
  result: CollectResult,
  io: { readonly first: MetricNames; readonly request: ReadRequest },
  context: CollectContext,
): Promise<CollectResult> {
  if (result.outcome !== 'collected') return result;
  const second = await readAgain(io.request, context);
  const found = objection(io.first, second);
  const proof: Proof = {
    ...result.proof,
    metricNames: io.first.names.size,
    secondRead: second.end,
    secondReadMetricNames: second.names.names.size,
  };
  if (found === null) return { ...result, proof: { ...proof, lastSeries: 'same' } };
  const detail = escapeForTerminal(found.why, 500);
  return { ...result, outcome: 'partial', reason: 'unproven-end', detail, proof: { ...proof, ...found.proof } };
}
