import type { DriftClass, DriftSeverity } from '../../model/drift.js';
import type { DIFF_CLASSES } from '../../model/diff-entry.js';
import type { LogDifference } from './compare-logs.js';

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

/** A container as Docker's daemon told of it; strings are untrusted, numbers that may exceed 2^53 are decimal strings. */
export interface DockerUse {
  readonly id: string;
  readonly name: string | null;
  readonly image: string | null;
  readonly state: string | null;
  /** Billionths of a core between two samples. */
  readonly cpuNanoCores: string | null;
  readonly memoryBytes: string | null;
  /** Paths, by Docker's own count. */
  readonly changes: { readonly modified: number; readonly added: number; readonly deleted: number } | null;
}

export interface DockerEvidence {
  readonly containersTotal: number;
  readonly running: number;
  /** At most ten: those that used most of a processor first, then those with most changes. */
  readonly containers: readonly DockerUse[];
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
  /** `null` = Docker's daemon said nothing, or was not asked. */
  readonly docker: DockerEvidence | null;
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

/** Somebody listens where no object of the cluster says so. Strings are untrusted. */
export interface UndeclaredListener {
  /** `listening-on-node`: of no pod, and neither a usual port of a node nor one of a Service. */
  readonly rule: 'listening-not-declared' | 'listening-in-unknown-pod' | 'listening-on-node';
  readonly node: string;
  readonly namespace: string | null;
  readonly pod: string | null;
  readonly podUid: string | null;
  readonly address: string;
  readonly port: number;
  /** Name of the process that has it open; `null` = none was seen. */
  readonly process: string | null;
}

/** A Service sends to a pod in which nothing listens on the port. */
export interface DeafService {
  readonly namespace: string;
  readonly service: string;
  readonly pod: string;
  readonly podUid: string;
  readonly node: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

/** What listens, against containers' ports, probes, Services and their endpoints. */
export interface ListeningComparison {
  /** TCP sockets that listen on more than the loopback. */
  readonly compared: number;
  /** At most 50, those of pods first. */
  readonly undeclared: readonly UndeclaredListener[];
  readonly undeclaredTotal: number;
  /** At most 50. */
  readonly deaf: readonly DeafService[];
  readonly deafTotal: number;
  /** More than is compared, or a list or a network namespace that could not be read. */
  readonly isCut: boolean;
}

/** One instance of a container whose log on the disk and from the API differ. Strings are untrusted. */
export interface LogHole extends LogDifference {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** 0 for the first. */
  readonly instance: number;
  /** Of the API's log; `null` = it gave none. */
  readonly apiOutcome: string | null;
  readonly unreadableFiles: number;
}

export interface LogComparison {
  /** Instances of containers whose logs lie on a disk. */
  readonly compared: number;
  /** At most 100, those with most lines on the disk alone first. */
  readonly holes: readonly LogHole[];
  readonly holesTotal: number;
  readonly linesOnlyOnDisk: number;
  readonly linesOnlyFromApi: number;
  readonly isCut: boolean;
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
  /** `null` = the archive has not both sides. */
  readonly listening: ListeningComparison | null;
  /** `null` = the archive has not both sides. */
  readonly logs: LogComparison | null;
  /** Lines that could not be read; at most 100 are counted. */
  readonly unreadable: number;
}
