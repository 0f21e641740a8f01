import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { DerivedLines } from '../derived-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { nodeSubject } from '../node-subject.js';
import { rawText } from '../raw-text.js';
import { FileRows, identityOf } from './file-rows.js';
import { LinkRows, recoveryCandidates, type Candidate } from './recovery-candidates.js';
import { DELETED_SCRIPT, EXECUTABLES_SCRIPT, RECOVER_SCRIPT, STAT_GIVEN_SCRIPT } from './scripts.js';

const MAX_STREAM_BYTES = 256 * 1024 * 1024;
/** Open files that are looked at; a name is at most 24 bytes. */
const MAX_OPEN_FILES = 200_000;
const MAX_FILES = 256;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_TOTAL_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_HOLDERS = 100;
const MAX_ATTEMPTS = 3;

interface Recovery {
  readonly outcome: CollectResult['outcome'];
  readonly reason: string;
  readonly path: string | null;
  readonly sha256: string | null;
  readonly sizeBytes: number;
}

const NOT_TAKEN: Recovery = { outcome: 'skipped', reason: 'limit', path: null, sha256: null, sizeBytes: 0 };

/** What a status of the script means that is not its own reading: the process ended, or its number leads to another file by now. */
const STATUS_REASONS: Readonly<Record<number, string>> = { 2: 'vanished', 4: 'vanished', 5: 'changed-file' };

function reasonOf({ result, captured }: NodeStepEnd): string {
  if (result.reason !== 'command-failed') return result.reason;
  return STATUS_REASONS[captured?.end.exitStatus ?? -1] ?? result.reason;
}

async function recoverThrough(work: NodeWork, { file }: Candidate, name: string): Promise<Recovery> {
  const end = await runNodeStep(work, {
    step: 'recover',
    file: `deleted/${name.replaceAll('/', '-')}.${file.device}-${file.inode}.bin`,
    sensitivity: 'secret',
    command: {
      script: RECOVER_SCRIPT,
      args: [name, String(MAX_FILE_BYTES), identityOf(file)],
      maxBytes: MAX_FILE_BYTES,
    },
  });
  return recoveryOf(end, file.sizeBytes > MAX_FILE_BYTES && end.result.outcome === 'collected');
}

function recoveryOf(end: NodeStepEnd, isCut: boolean): Recovery {
  const { captured, result } = end;
  const sizeBytes = captured?.end.sizeBytes ?? 0;
  return {
    outcome: isCut ? 'partial' : result.outcome,
    reason: isCut ? 'limit' : reasonOf(end),
    path: captured?.path ?? null,
    sha256: sizeBytes > 0 ? (captured?.end.sha256 ?? null) : null,
    sizeBytes,
  };
}

/** Through one holder after the other, as long as it is the holder that is gone. */
async function recover(work: NodeWork, candidate: Candidate): Promise<Recovery> {
  let last: Recovery = { ...NOT_TAKEN, outcome: 'failed', reason: 'vanished' };
  for (const name of candidate.holders.slice(0, MAX_ATTEMPTS)) {
    last = await recoverThrough(work, candidate, name);
    if (last.sizeBytes > 0 || !Object.values(STATUS_REASONS).includes(last.reason)) return last;
  }
  return last;
}

function lineOf({ kind, file, link, holders }: Candidate, recovery: Recovery): object {
  return {
    kind,
    device: file.device,
    inode: file.inode,
    links: file.links,
    mode: file.mode.toString(8),
    uid: file.uid,
    gid: file.gid,
    fileBytes: file.sizeBytes,
    link: link === null ? null : rawText(link),
    holders: holders.slice(0, MAX_HOLDERS),
    holderCount: holders.length,
    ...recovery,
  };
}

async function sweep(work: NodeWork): Promise<{ ends: NodeStepEnd[]; candidates: readonly Candidate[] }> {
  const files = new FileRows();
  const links = new LinkRows();
  const watch = (bytes: Buffer): void => {
    files.feed(bytes);
  };
  const maxBytes = MAX_STREAM_BYTES;
  const ends = [
    await runNodeStep(work, {
      step: 'names',
      file: 'deleted/names.find',
      command: { script: DELETED_SCRIPT, maxBytes },
      watch: (bytes) => {
        links.feed(bytes);
      },
    }),
    await runNodeStep(work, {
      step: 'executables',
      file: 'deleted/executables.stat',
      command: { script: EXECUTABLES_SCRIPT, maxBytes },
      watch,
    }),
  ];
  const open = [...links.links.keys()].filter((name) => !name.endsWith('/exe')).slice(0, MAX_OPEN_FILES);
  if (open.length > 0) {
    const stdin = Buffer.from(open.map((name) => `${name}\0`).join(''), 'latin1');
    const command = { script: STAT_GIVEN_SCRIPT, stdin, maxBytes };
    ends.push(await runNodeStep(work, { step: 'open-files', file: 'deleted/open-files.stat', command, watch }));
  }
  return { ends, candidates: recoveryCandidates(files.files, links.links) };
}

/** Takes the bytes of what is run or open and has no name any more, one payload file each, while its process still holds it. */
export async function readDeleted(work: NodeWork): Promise<CollectResult> {
  const { ends, candidates } = await sweep(work);
  const { planned, part, collector, access, context } = work;
  const paths = ends.flatMap(({ captured }) => captured?.path ?? []);
  const lines = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${part.segment}/deleted-files.jsonl`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: 'personal',
  });
  const counts = { recovered: 0, partly: 0, lost: 0, leftOut: 0 };
  let totalBytes = 0;
  try {
    for (const [index, candidate] of candidates.entries()) {
      const expectedBytes = Math.min(candidate.file.sizeBytes, MAX_FILE_BYTES);
      const isTaken = index < MAX_FILES && totalBytes + expectedBytes <= MAX_TOTAL_BYTES;
      const recovery = isTaken ? await recover(work, candidate) : NOT_TAKEN;
      totalBytes += recovery.sizeBytes;
      if (recovery.path !== null) paths.push(recovery.path);
      if (recovery.outcome === 'collected') counts.recovered += 1;
      else if (recovery.outcome === 'partial') counts.partly += 1;
      else counts[isTaken ? 'lost' : 'leftOut'] += 1;
      await lines.add(lineOf(candidate, recovery));
    }
    await lines.commit(nodeSubject(part), paths);
  } finally {
    await lines.abort();
  }
  return combineResults([...sweepResults(ends), ...shortcomings(counts)], {
    candidates: candidates.length,
    ...counts,
    bytes: totalBytes,
  });
}

/** Nothing is deleted and in use: that is an answer, and the list of executables proves that there was somebody to ask. */
function sweepResults(ends: readonly StepResult[]): readonly StepResult[] {
  return ends.toSorted((one, other) => Number(other.step === 'executables') - Number(one.step === 'executables'));
}

function shortcomings(counts: { partly: number; lost: number; leftOut: number }): StepResult[] {
  const gap = (reason: string, count: number, detail: string): StepResult[] =>
    count === 0
      ? []
      : [{ step: 'recover', result: { outcome: 'partial', reason, detail: `${String(count)} ${detail}`, proof: {} } }];
  return [
    ...gap('vanished', counts.lost, 'could not be read, most likely since their processes ended'),
    ...gap('limit', counts.leftOut, 'left out: more files or bytes than are taken'),
    ...gap('limit', counts.partly, 'taken in part'),
  ];
}
