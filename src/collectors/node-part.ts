import { z } from 'zod';
import type { PlannedArtifact, Volatility } from '../model/artifact.js';
import type { CollectResult, PlanContext } from '../ports/collector.js';
import type { NodeAccess } from '../ports/node-access.js';
import { distinctSegments, keyPart } from './segments.js';

/** One part of what a collector reads on one node. `segment` is the node as part of a path. */
export const nodePartSchema = z.strictObject({
  node: z.string(),
  uid: z.string(),
  machineId: z.string(),
  segment: z.string(),
  part: z.string(),
});
export type NodePart = z.infer<typeof nodePartSchema>;

/** What a script needs of the far side: the tool by its name, and a word that its version holds. */
export type NeededTools = Readonly<Record<string, string>>;

export interface PlannedPart {
  readonly part: string;
  readonly source: string;
  /** Default true. */
  readonly required?: boolean;
  /** Where it differs from the collector's. */
  readonly volatility?: Volatility;
}

/** `<collector>/<node>/<part>` for each node and part, in this order. */
export function* planNodeParts(
  collector: string,
  parts: readonly PlannedPart[],
  { targets }: PlanContext,
): Generator<PlannedArtifact> {
  const segments = distinctSegments(targets.nodes.map(({ name }) => name));
  for (const { name: node, uid, machineId } of targets.nodes) {
    for (const { part, source, required = true, volatility } of parts) {
      const data: NodePart = { node, uid, machineId, segment: segments.get(node) ?? '_', part };
      const own = volatility === undefined ? {} : { volatility };
      yield { artifact: `${collector}/${keyPart(node)}/${part}`, required, source, node, ...own, data };
    }
  }
}

/** Why scripts that need these tools cannot run there; `null` when they can. */
export function missingTools({ facts }: NodeAccess, tools: NeededTools): CollectResult | null {
  const missing = Object.entries(tools).filter(([tool, word]) => !(facts.tools[tool] ?? '').includes(word));
  if (missing.length === 0) return null;
  const detail = `Not there, or not as it is needed: ${missing.map(([tool, word]) => `${tool} (${word})`).join(', ')}.`;
  return { outcome: 'skipped', reason: 'tool-missing', detail, proof: { rung: facts.rung } };
}

/** Why a script that reads processes cannot run there; `null` when it can. */
export function cannotReadProcesses(access: NodeAccess, tools: NeededTools): CollectResult | null {
  const { processes, rung } = access.facts;
  if (processes) return missingTools(access, tools);
  const detail = 'The far side does not see the processes of the node.';
  return { outcome: 'skipped', reason: 'no-processes', detail, proof: { rung } };
}
