import { z } from 'zod';
import type { PlannedArtifact } from '../model/artifact.js';
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

/** `<collector>/<node>/<part>` for each node and part, in this order. */
export function* planNodeParts(
  collector: string,
  parts: readonly { readonly part: string; readonly source: string }[],
  { targets }: PlanContext,
): Generator<PlannedArtifact> {
  const segments = distinctSegments(targets.nodes.map(({ name }) => name));
  for (const { name: node, uid, machineId } of targets.nodes) {
    for (const { part, source } of parts) {
      const data: NodePart = { node, uid, machineId, segment: segments.get(node) ?? '_', part };
      yield { artifact: `${collector}/${keyPart(node)}/${part}`, required: true, source, node, data };
    }
  }
}

/** Why a script that reads processes cannot run there; `null` when it can. */
export function cannotReadProcesses({ facts }: NodeAccess, tools: NeededTools): CollectResult | null {
  const proof = { rung: facts.rung };
  if (!facts.processes) {
    const detail = 'The far side does not see the processes of the node.';
    return { outcome: 'skipped', reason: 'no-processes', detail, proof };
  }
  const missing = Object.entries(tools).filter(([tool, word]) => !(facts.tools[tool] ?? '').includes(word));
  if (missing.length === 0) return null;
  const detail = `Not there, or not as it is needed: ${missing.map(([tool, word]) => `${tool} (${word})`).join(', ')}.`;
  return { outcome: 'skipped', reason: 'tool-missing', detail, proof };
}
