import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { StepResult } from '../combine-results.js';
import { runNodeStep, type NodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { CertificateRows, type CertificateFacts } from './certificates.js';
import { DigestRows } from './digest-rows.js';
import { CERTIFICATES_SCRIPT, DIGEST_SCRIPT, TAKE_SCRIPT } from './far-scripts.js';
import type { ListedFile } from './listed-file.js';
import { loginObserver } from './login-observer.js';
import { podLogObserver, type ObservedLog } from './pod-log-observer.js';
import type { Selection } from './select-content.js';
import { TarContents, type ContentObserver } from './tar-contents.js';

/** What headers and padding of an archive may add to the content. */
const TAR_OVERHEAD_BYTES = 256 * 1024 * 1024;
/** Until the digest of a large file comes there is nothing to hear. */
const DIGEST_IDLE_MS = 300_000;

/** What reading brought for one file. */
export interface FileContent {
  readonly sha256?: string | null;
  readonly sha1?: string;
  readonly md5?: string;
  readonly readBytes?: number;
  readonly xattrs?: readonly string[];
  readonly certificates?: readonly CertificateFacts[];
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

const HEX_LENGTHS = { sha256: 64, sha1: 40, md5: 32 } as const;
export type DigestName = keyof typeof HEX_LENGTHS;

export interface Taking {
  readonly entry: CatalogueEntry;
  readonly work: NodeWork;
  readonly selection: Selection;
  /** Beside SHA-256: what the node's package database has. */
  readonly furtherDigests: readonly DigestName[];
}

function itemsOf(ends: readonly NodeStepEnd[]): string[] {
  return ends.map(({ captured }) => captured?.path ?? null).filter((path) => path !== null);
}

function malformed(step: string, detail: string): StepResult {
  return { step, result: { outcome: 'partial', reason: 'malformed', detail, proof: {} } };
}

/** Every chosen file as one archive, read as it goes by. */
export async function takeFiles({ entry, work, selection }: Taking): Promise<TakenContent> {
  const logins: object[] = [];
  const podLogs: ObservedLog[] = [];
  const { machine } = work.access.facts;
  const contents = new TarContents(
    (path) => selection.chosen.has(path),
    (path, { sizeBytes }): ContentObserver | null => {
      if (entry.parse === 'logins')
        return loginObserver({
          path,
          sizeBytes,
          machine,
          deliver: (lines) => lines.forEach((line) => logins.push(line)),
        });
      return entry.parse === 'pod-logs' ? podLogObserver(path, (log) => void podLogs.push(log)) : null;
    },
  );
  const end = await runNodeStep(work, {
    step: 'content',
    file: `${entry.name}/files.tar`,
    sensitivity: entry.sensitivity,
    command: { script: TAKE_SCRIPT, stdin: selection.names, maxBytes: entry.limits.maxBytes + TAR_OVERHEAD_BYTES },
    watch: (bytes) => {
      contents.feed(bytes);
    },
  });
  contents.end();
  const steps: StepResult[] = [end];
  const isComplete = end.captured?.end.end === 'complete';
  if (contents.problem !== null && isComplete) steps.push(malformed('archive', contents.problem));
  if (contents.unasked > 0) steps.push(malformed('archive', `${contents.unasked} files that nobody asked for`));
  const files = new Map<string, FileContent>();
  for (const [path, { sizeBytes, ...taken }] of contents.taken) files.set(path, { ...taken, readBytes: sizeBytes });
  return { files, steps, items: itemsOf([end]), logins, podLogs };
}

/** Where no package puts a file: a digest to compare with a package's is not asked for there. */
const NOT_PACKAGED = /^(?:root|home|tmp|var\/tmp|dev\/shm|run|srv|usr\/local)\//;

/** What of the chosen files is to be digested so: all by SHA-256, by the others what a package may own. */
function namesFor(name: DigestName, { names }: Selection): Buffer {
  if (name === 'sha256') return names;
  const kept = names
    .toString('latin1')
    .split('\0')
    .filter((path) => !NOT_PACKAGED.test(path));
  return Buffer.from(kept.join('\0'), 'latin1');
}

async function digest(name: DigestName, { entry, work, selection }: Taking): Promise<[NodeStepEnd, DigestRows]> {
  const rows = new DigestRows(HEX_LENGTHS[name]);
  const step: NodeStep = {
    step: name,
    file: `${entry.name}/${name}.txt`,
    command: {
      script: DIGEST_SCRIPT,
      args: [`${name}sum`],
      stdin: namesFor(name, selection),
      idleTimeoutMs: DIGEST_IDLE_MS,
    },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  };
  return [await runNodeStep(work, step), rows];
}

/** Digests made on the node: no byte of a file leaves it. Old package databases have only MD5 or SHA-1 to compare executables with. */
export async function hashFiles(taking: Taking): Promise<TakenContent> {
  const further = taking.entry.only === 'executables' ? taking.furtherDigests : [];
  const names: readonly DigestName[] = ['sha256', ...further];
  const ends: NodeStepEnd[] = [];
  const steps: StepResult[] = [];
  const files = new Map<string, FileContent>();
  for (const name of names) {
    const [end, rows] = await digest(name, taking);
    ends.push(end);
    steps.push(end);
    if (!rows.isSound && end.captured?.end.end === 'complete')
      steps.push(malformed(name, 'not what such a program prints'));
    for (const [path, hex] of rows.byPath)
      if (taking.selection.chosen.has(path)) files.set(path, { ...files.get(path), [name]: hex });
  }
  return { files, steps, items: itemsOf(ends), logins: [], podLogs: [] };
}

/** Digests of PEM files and the certificates in them. The script sends nothing but certificates, and what is none is dropped here. */
export async function readCertificates(taking: Taking): Promise<TakenContent> {
  const { work, selection, entry } = taking;
  const hashed = await hashFiles(taking);
  const rows = new CertificateRows();
  const end = await work.access.run(
    {
      name: `os-files-${entry.name}`,
      script: CERTIFICATES_SCRIPT,
      stdin: selection.names,
      maxBytes: entry.limits.maxBytes,
      signal: work.context.signal,
    },
    {
      chunk: (bytes) => {
        rows.feed(bytes);
      },
    },
  );
  const isWhole = end.end === 'complete' && end.exitStatus === 0 && rows.isSound;
  const files = new Map(hashed.files);
  for (const [path, certificates] of rows.byPath)
    if (selection.chosen.has(path)) files.set(path, { ...files.get(path), certificates });
  const reason = end.end === 'complete' ? 'malformed' : end.end;
  const failed: StepResult = {
    step: 'certificates',
    result: { outcome: 'partial', reason, detail: end.endDetail ?? '', proof: {} },
  };
  return { ...hashed, files, steps: isWhole ? hashed.steps : [...hashed.steps, failed] };
}

/** What of a file was read, when content is not asked for. */
export const NOTHING_TAKEN: TakenContent = { files: new Map(), steps: [], items: [], logins: [], podLogs: [] };

/** Whether a file is no longer what was listed, or not there any more. */
export function isChanged(before: ListedFile, after: ListedFile | undefined): boolean {
  return (
    before.inode !== after?.inode ||
    before.device !== after.device ||
    before.sizeBytes !== after.sizeBytes ||
    before.mtimeNs !== after.mtimeNs ||
    before.ctimeNs !== after.ctimeNs
  );
}
