import type { DriftClass, DriftSeverity } from '../../model/drift.js';
import type { DIFF_CLASSES } from '../../model/diff-entry.js';

/** A container that works all the time. Billionths of a core as decimal strings. */
export interface BusyContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Samples in which the node measured it anew. */
  readonly measured: number;
  readonly cpuNanoCoresMin: string;
  readonly cpuNanoCoresMax: string | null;
}

/** What one view of a node shows and another does not. */
export interface ViewMismatch {
  /** `unknown-to-api`, `hidden-process`, `listening-without-process`, ...: the finding's own name. */
  readonly rule: string;
  /** `race`: not both times; it began or ended while we read, or hides by turns. */
  readonly verdict: 'steady' | 'race';
  /** Container id, process id, or socket; untrusted. */
  readonly subject: string;
}

/** What an archive holds of one node, condensed; strings are the node's and untrusted. */
export interface NodeEvidence {
  /** As part of a path in the archive. */
  readonly node: string;
  /** How it was reached; `null` = the archive does not say. */
  readonly way: string | null;
  readonly vantage: string | null;
  readonly refusals: readonly { readonly rung: string; readonly reason: string }[];
  /** What that way could not see. */
  readonly degraded: readonly string[];
  /** `null` = processes were not read. Without kernel threads and without our own. */
  readonly processes: {
    readonly total: number;
    readonly kernelThreads: number;
    readonly deletedExecutables: number;
    readonly memoryExecutables: number;
  } | null;
  /** `null` = sockets were not read. */
  readonly listening: number | null;
  /** At most five, the highest least CPU of the series first. */
  readonly busiest: readonly BusyContainer[];
  /** At most 20, steady ones first. */
  readonly mismatches: readonly ViewMismatch[];
  readonly mismatchesTotal: number;
}

export interface ContainerChange {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly entries: readonly { readonly class: (typeof DIFF_CLASSES)[number]; readonly count: number }[];
}

export interface GraveChange {
  /** Folder of the container in the archive. */
  readonly container: string;
  readonly severity: DriftSeverity;
  readonly driftClass: DriftClass;
  readonly rule: string;
  readonly pathB64: string;
}

/** What an archive holds of the nodes and of the layers of their containers, by the nodes' own word. */
export interface NodeEvidenceSummary {
  /** At most 500, by name. */
  readonly nodes: readonly NodeEvidence[];
  readonly nodesTotal: number;
  /** At most 200, those with most entries first. */
  readonly containers: readonly ContainerChange[];
  readonly containersTotal: number;
  /** At most ten, the gravest first; what is only noted is not among them. */
  readonly changes: readonly GraveChange[];
  readonly changesTotal: number;
  /** Lines that could not be read; at most 100 are counted. */
  readonly unreadable: number;
}
