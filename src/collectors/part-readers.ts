import type { PlannedArtifact } from '../model/artifact.js';
import type { CollectContext, CollectResult, PlanContext } from '../ports/collector.js';
import { cannotReadProcesses, nodePartSchema, planNodeParts, type NeededTools } from './node-part.js';
import type { NodeWork } from './node-step.js';
import { UNKNOWN_ARTIFACT } from './unknown-artifact.js';

/** The parts of a collector by their names, in the order in which they are read. */
export type PartReaders = Readonly<
  Record<string, { readonly source: string; read(work: NodeWork): Promise<CollectResult> }>
>;

export async function* planParts(
  collector: string,
  readers: PartReaders,
  context: PlanContext,
): AsyncGenerator<PlannedArtifact> {
  const parts = Object.entries(readers).map(([part, { source }]) => ({ part, source }));
  yield* planNodeParts(collector, parts, context);
  await Promise.resolve();
}

export function readerOf(readers: PartReaders, part: string): PartReaders[string] | undefined {
  return Object.hasOwn(readers, part) ? readers[part] : undefined;
}

/** Reads a part where the way to the node shows its processes and has the tools. */
export async function readProcessPart(
  {
    collector,
    readers,
    tools,
  }: { readonly collector: string; readonly readers: PartReaders; readonly tools: NeededTools },
  planned: PlannedArtifact,
  context: CollectContext,
): Promise<CollectResult> {
  const part = nodePartSchema.parse(planned.data);
  const access = await context.nodeAccess(part.node);
  const refusal = cannotReadProcesses(access, tools);
  if (refusal !== null) return refusal;
  const reader = readerOf(readers, part.part);
  return reader === undefined ? UNKNOWN_ARTIFACT : await reader.read({ planned, part, collector, access, context });
}
