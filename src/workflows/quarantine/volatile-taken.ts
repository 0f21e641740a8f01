import type { OutcomeRecord } from '../../model/outcome.js';

/** What cannot be had any more of a severed node: its processes and their connections. */
const COLLECTORS = ['processes', 'node-network'];

/** The nodes of which the open exhibit has what vanishes: something of each collector that reads it was collected. */
export async function volatileTaken(
  nodes: readonly string[],
  exhibit: { readOutcomes(): AsyncIterable<OutcomeRecord> },
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for await (const { artifact, collector, outcome } of exhibit.readOutcomes()) {
    if (!COLLECTORS.includes(collector) || (outcome !== 'collected' && outcome !== 'partial')) continue;
    seen.add(artifact.split('/').slice(0, 2).join('/'));
  }
  return new Set(nodes.filter((node) => COLLECTORS.every((collector) => seen.has(`${collector}/${node}`))));
}
