import type { Sensitivity } from '../model/artifact.js';
import { DerivedLines } from './derived-lines.js';
import type { NodeWork } from './node-step.js';
import { nodeSubject } from './node-subject.js';

export interface NodeLines {
  /** `data/derived/nodes/<node>/<name>.jsonl`. */
  readonly name: string;
  readonly sensitivity?: Sensitivity;
  /** Walked once. */
  readonly lines: Iterable<object>;
  /** Paths of the items that they come from. */
  readonly derivedFrom: readonly string[];
}

/** Writes what was derived of one node. No file where there is no line. */
export async function deriveNodeLines(
  work: NodeWork,
  { name, sensitivity, lines, derivedFrom }: NodeLines,
): Promise<void> {
  const { planned, part, collector, access, context } = work;
  const file = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${part.segment}/${name}.jsonl`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: sensitivity ?? 'normal',
  });
  try {
    for (const line of lines) await file.add(line);
    await file.commit(nodeSubject(part), derivedFrom);
  } finally {
    await file.abort();
  }
}
