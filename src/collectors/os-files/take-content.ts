import type { StepResult } from '../combine-results.js';
import { knownDigestsOf } from '../known-digests.js';
import { runNodeStep, type NodeStep, type NodeStepEnd } from '../node-step.js';
import { CertificateRows } from './certificates.js';
import { DigestRows } from './digest-rows.js';
import { CERTIFICATES_SCRIPT, DIGEST_SCRIPT, TAKE_SCRIPT } from './far-scripts.js';
import { folderLines } from './folder-lines.js';
import { FOLDER_MOVED } from './folder-script.js';
import type { ListedFile } from './listed-file.js';
import { loginObserver } from './login-observer.js';
import { podLogObserver, type ObservedLog } from './pod-log-observer.js';
import type { Selection } from './select-content.js';
import { HEX_LENGTHS, type DigestName, type FileContent, type TakenContent, type Taking } from './taken-content.js';
import { TarContents, type ContentObserver } from './tar-contents.js';
import { Unpacking } from './unpacking.js';

/** What headers and padding of an archive may add to the content. */
const TAR_OVERHEAD_BYTES = 256 * 1024 * 1024;
/** Until the digest of a large file comes there is nothing to hear. */
const DIGEST_IDLE_MS = 300_000;

function itemsOf(ends: readonly NodeStepEnd[]): string[] {
  return ends.map(({ captured }) => captured?.path ?? null).filter((path) => path !== null);
}

function malformed(step: string, detail: string): StepResult {
  return { step, result: { outcome: 'partial', reason: 'malformed', detail, proof: {} } };
}

/** A folder that was another one by the time of reading: nothing of it was read. */
function movedFolders({ captured }: NodeStepEnd): StepResult[] {
  const moved = (captured?.end.stderr ?? '').split('\n').filter((line) => line === FOLDER_MOVED).length;
  if (moved === 0) return [];
  const detail = `${moved} folders, or what leads there, were exchanged since they were listed; nothing of them was read`;
  return [{ step: 'content', result: { outcome: 'partial', reason: 'changed-during-read', detail, proof: {} } }];
}

/** Compressed files that are in the archive, and of which nothing is derived. */
function leftPacked({ leftOut }: Unpacking): StepResult[] {
  if (leftOut === 0) return [];
  const detail = `${leftOut} compressed files hold more than is unpacked; nothing is derived from them`;
  return [{ step: 'unpacking', result: { outcome: 'partial', reason: 'left-out', detail, proof: {} } }];
}

/** Every chosen file as one archive, read as it goes by. */
export async function takeFiles({ entry, work, selection }: Taking): Promise<TakenContent> {
  const logins: object[] = [];
  const podLogs: ObservedLog[] = [];
  const unpacking = new Unpacking();
  const { machine } = work.access.facts;
  const contents = new TarContents(
    (path) => selection.chosen.has(path),
    (path, { sizeBytes }): ContentObserver | null => {
      if (entry.parse === 'logins')
        return loginObserver({
          path,
          sizeBytes,
          machine,
          unpacking,
          deliver: (lines) => lines.forEach((line) => logins.push(line)),
        });
      return entry.parse === 'pod-logs'
        ? podLogObserver({ path, unpacking, deliver: (log) => void podLogs.push(log) })
        : null;
    },
  );
  const end = await runNodeStep(work, {
    step: 'content',
    file: `${entry.name}/files.tar`,
    sensitivity: entry.sensitivity,
    command: {
      script: TAKE_SCRIPT,
      stdin: folderLines(selection.chosen.keys()),
      maxBytes: entry.limits.maxBytes + TAR_OVERHEAD_BYTES,
    },
    watch: async (bytes) => {
      await contents.feed(bytes);
    },
  });
  contents.end();
  const steps: StepResult[] = [...movedFolders(end), end];
  const isComplete = end.captured?.end.end === 'complete';
  if (contents.problem !== null && isComplete) steps.push(malformed('archive', contents.problem));
  if (contents.unasked > 0) steps.push(malformed('archive', `${contents.unasked} files that nobody asked for`));
  steps.push(...leftPacked(unpacking));
  const files = new Map<string, FileContent>();
  for (const [path, { sizeBytes, ...taken }] of contents.taken) files.set(path, { ...taken, readBytes: sizeBytes });
  return { files, steps, items: itemsOf([end]), logins, podLogs };
}

/** Where no package puts a file: a digest to compare with a package's is not asked for there. */
const NOT_PACKAGED = /^\/(?:root|home|tmp|var\/tmp|dev\/shm|run|srv|usr\/local)\//;

/** What of the chosen files is to be digested so: all by SHA-256, by the others what a package may own. */
function pathsFor(name: DigestName, { chosen }: Selection): string[] {
  const paths = [...chosen.keys()];
  return name === 'sha256' ? paths : paths.filter((path) => !NOT_PACKAGED.test(path));
}

interface Digesting {
  readonly name: DigestName;
  readonly paths: readonly string[];
  readonly taking: Taking;
}

async function digest({ name, paths, taking: { entry, work } }: Digesting): Promise<[NodeStepEnd, DigestRows]> {
  const rows = new DigestRows(HEX_LENGTHS[name]);
  const step: NodeStep = {
    step: name,
    file: `${entry.name}/${name}.txt`,
    command: {
      script: DIGEST_SCRIPT,
      args: [`${name}sum`, entry.only === 'executables' ? 'many' : 'one'],
      stdin: folderLines(paths),
      idleTimeoutMs: DIGEST_IDLE_MS,
    },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  };
  return [await runNodeStep(work, step), rows];
}

/** What the collector of executables hashed in this run and nobody changed since. */
async function madeBefore({ entry, work, selection }: Taking): Promise<Map<string, FileContent>> {
  const files = new Map<string, FileContent>();
  if (entry.only !== 'executables') return files;
  const known = knownDigestsOf(work.access);
  await known.settled();
  for (const [path, { device, inode, sizeBytes, mtimeNs, ctimeNs }] of selection.chosen) {
    if (mtimeNs === null || ctimeNs === null) continue;
    const sha256 = known.of({ device, inode, sizeBytes, mtimeNs, ctimeNs });
    if (sha256 !== null) files.set(path, { sha256, sha256By: 'executables' });
  }
  return files;
}

/** Digests made on the node: no byte of a file leaves it. Old package databases have only MD5 or SHA-1 to compare executables with. */
export async function hashFiles(taking: Taking): Promise<TakenContent> {
  const further = taking.entry.only === 'executables' ? taking.furtherDigests : [];
  const names: readonly DigestName[] = ['sha256', ...further];
  const ends: NodeStepEnd[] = [];
  const steps: StepResult[] = [];
  const files = await madeBefore(taking);
  const { source } = knownDigestsOf(taking.work.access);
  const shared = files.size > 0 && source !== null ? [source] : [];
  for (const name of names) {
    const paths = pathsFor(name, taking.selection).filter((path) => name !== 'sha256' || !files.has(path));
    if (paths.length === 0) continue;
    const [end, rows] = await digest({ name, paths, taking });
    ends.push(end);
    steps.push(...movedFolders(end), end);
    if (!rows.isSound && end.captured?.end.end === 'complete')
      steps.push(malformed(name, 'not what such a program prints'));
    for (const [path, hex] of rows.byPath)
      if (taking.selection.chosen.has(path)) files.set(path, { ...files.get(path), [name]: hex });
  }
  return { files, steps, items: [...shared, ...itemsOf(ends)], logins: [], podLogs: [] };
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
      stdin: folderLines(selection.chosen.keys()),
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
