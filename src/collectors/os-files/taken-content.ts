import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { StepResult } from '../combine-results.js';
import type { NodeWork } from '../node-step.js';
import type { CertificateFacts } from './certificates.js';
import type { ObservedLog } from './pod-log-observer.js';
import type { Selection } from './select-content.js';

/** What reading brought for one file. */
export interface FileContent {
  readonly sha256?: string | null;
  /** The collector that made it before; absent = made for this artifact. */
  readonly sha256By?: 'executables';
  readonly sha1?: string;
  readonly md5?: string;
  readonly readBytes?: number;
  readonly xattrs?: readonly string[];
  readonly certificates?: readonly CertificateFacts[];
  /** What the tool thinks of a journal, and whether its entries were written out. */
  readonly journal?: string;
  readonly isExported?: boolean;
}

export interface TakenContent {
  /** By path; a chosen file that is not here was not read. */
  readonly files: ReadonlyMap<string, FileContent>;
  readonly steps: readonly StepResult[];
  /** Paths of the payload files. */
  readonly items: readonly string[];
  /** Lines for derived files, by the end of their names. */
  readonly logins: readonly object[];
  readonly podLogs: readonly ObservedLog[];
}

export const HEX_LENGTHS = { sha256: 64, sha1: 40, md5: 32 } as const;
export type DigestName = keyof typeof HEX_LENGTHS;

export interface Taking {
  readonly entry: CatalogueEntry;
  readonly work: NodeWork;
  readonly selection: Selection;
  /** Beside SHA-256: what the node's package database has. */
  readonly furtherDigests: readonly DigestName[];
}

/** What of a file was read, when content is not asked for. */
export const NOTHING_TAKEN: TakenContent = { files: new Map(), steps: [], items: [], logins: [], podLogs: [] };
