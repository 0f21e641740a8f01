import type { CollectContext } from '../../ports/collector.js';
import type { ReadAnswer } from '../../ports/cluster-reader.js';
import { clockOffset } from './clock-offset.js';

/** Records what an answer says of the server's clock, where it says anything. */
export async function observeClock(answer: ReadAnswer, context: CollectContext): Promise<void> {
  const record = clockOffset(answer, `api-server ${context.cluster.facts.server}`);
  if (record !== null) await context.recordClock(record);
}
