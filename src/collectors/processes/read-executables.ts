import { toRfc3339 } from '../../lib/clock.js';
import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { deriveNodeLines } from '../derive-node-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { NulRows } from '../nul-rows.js';
import { rawText } from '../raw-text.js';
import { FileRows, identityOf, type FileFacts } from './file-rows.js';
import { EXECUTABLES_SCRIPT, HASH_SCRIPT, NAMES_GIVEN_SCRIPT } from './scripts.js';

const MAX_STREAM_BYTES = 256 * 1024 * 1024;
/** Different files; a node has some hundred. */
const MAX_FILES = 8192;
/** Processes of one file that a line names. */
const MAX_PIDS = 1000;
/** A process may end before its file is opened; then another one of the same file is asked. */
const MAX_ROUNDS = 8;
/** Nothing is printed while a large file is read, which itself may take a minute. */
const HASH_IDLE_MS = 90_000;

interface Executable {
  readonly file: FileFacts;
  /** `<pid>/exe` of every process that runs it. */
  readonly names: string[];
  sha256: string | null;
  /** It was opened, and not read to its end in time. */
  isSlow: boolean;
  hashedThrough: string | null;
  link: Buffer | null;
}

const stdinOf = (names: readonly string[]): Buffer => Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');

/** The name to ask by in a round: every one where there are few, else spread over old and young processes. */
export function nameOfRound(names: readonly string[], round: number): string | undefined {
  if (names.length <= MAX_ROUNDS) return names[round];
  return names[Math.round((round * (names.length - 1)) / (MAX_ROUNDS - 1))];
}

async function hashRound(
  work: NodeWork,
  round: number,
  executables: ReadonlyMap<string, Executable>,
): Promise<NodeStepEnd> {
  const names = [...executables.values()].flatMap(({ sha256, names: all }) =>
    sha256 === null ? (nameOfRound(all, round) ?? []) : [],
  );
  const rows = new NulRows(3, ([name, id, sum]) => {
    const [device = '', inode = ''] = (id ?? '').toString().split(' ');
    const found = executables.get(`${device}:${inode}`);
    const sha256 = (sum ?? '').toString();
    if (found === undefined) return;
    found.isSlow = sha256 === '';
    if (!/^[0-9a-f]{64}$/.test(sha256)) return;
    found.sha256 = sha256;
    found.hashedThrough = (name ?? '').toString();
  });
  return await runNodeStep(work, {
    step: round === 0 ? 'digests' : `digests-${String(round + 1)}`,
    file: `executables/sha256${round === 0 ? '' : `-${String(round + 1)}`}.rows`,
    command: { script: HASH_SCRIPT, stdin: stdinOf(names), maxBytes: MAX_STREAM_BYTES, idleTimeoutMs: HASH_IDLE_MS },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  });
}

async function nameThem(work: NodeWork, executables: ReadonlyMap<string, Executable>): Promise<NodeStepEnd> {
  const byName = new Map([...executables.values()].map((one) => [one.hashedThrough ?? one.names[0] ?? '', one]));
  const rows = new NulRows(2, ([name, link]) => {
    const found = byName.get((name ?? '').toString());
    if (found !== undefined && link !== undefined && link.length > 0) found.link = link;
  });
  return await runNodeStep(work, {
    step: 'names',
    file: 'executables/names.find',
    command: { script: NAMES_GIVEN_SCRIPT, stdin: stdinOf([...byName.keys()]), maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  });
}

const secondsAt = (seconds: number): string | null => (Math.abs(seconds) < 8e12 ? toRfc3339(seconds * 1000) : null);

function lineOf({ file, names, sha256, isSlow, hashedThrough, link }: Executable): object {
  return {
    sha256,
    device: file.device,
    inode: file.inode,
    sizeBytes: file.sizeBytes,
    mode: file.mode.toString(8),
    uid: file.uid,
    gid: file.gid,
    links: file.links,
    deleted: file.links === 0 || (link?.toString('latin1').endsWith(' (deleted)') ?? false),
    modifiedAt: secondsAt(file.modifiedAt),
    changedAt: secondsAt(file.changedAt),
    link: link === null ? null : rawText(link),
    hashedThrough,
    unhashed: sha256 !== null ? null : isSlow ? 'timeout' : 'ended-meanwhile',
    processes: names.length,
    pids: names.slice(0, MAX_PIDS).map((name) => Number.parseInt(name, 10)),
  };
}

function group(files: readonly FileFacts[]): Map<string, Executable> {
  const executables = new Map<string, Executable>();
  for (const file of files) {
    const known = executables.get(identityOf(file));
    if (known !== undefined) known.names.push(file.name);
    else if (executables.size < MAX_FILES)
      executables.set(identityOf(file), {
        file,
        names: [file.name],
        sha256: null,
        isSlow: false,
        hashedThrough: null,
        link: null,
      });
  }
  return executables;
}

/** Each file that some process runs, hashed once through the kernel's reference to it, however many processes run it. */
export async function readExecutables(work: NodeWork): Promise<CollectResult> {
  const rows = new FileRows();
  const ends = [
    await runNodeStep(work, {
      step: 'files',
      file: 'executables/files.stat',
      command: { script: EXECUTABLES_SCRIPT, maxBytes: MAX_STREAM_BYTES },
      watch: (bytes) => {
        rows.feed(bytes);
      },
    }),
  ];
  const executables = group(rows.files);
  const unhashed = (): Executable[] => [...executables.values()].filter(({ sha256 }) => sha256 === null);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (unhashed().some(({ names }) => nameOfRound(names, round) !== undefined))
      ends.push(await hashRound(work, round, executables));
  }
  if (executables.size > 0) ends.push(await nameThem(work, executables));
  await deriveNodeLines(work, {
    name: 'executables',
    lines: [...executables.values()].map(lineOf),
    derivedFrom: ends.flatMap(({ captured }) => captured?.path ?? []),
  });
  const steps: StepResult[] = [...ends];
  const without = unhashed();
  const slow = without.filter(({ isSlow }) => isSlow);
  if (slow.length > 0) {
    const which = slow.slice(0, 10).map(({ file }) => file.name);
    const detail = `${String(slow.length)} files were not read to their end in time: ${which.join(', ')}`;
    steps.push({ step: 'digests', result: { outcome: 'partial', reason: 'timeout', detail, proof: {} } });
  }
  return combineResults(steps, {
    processes: rows.files.length,
    files: executables.size,
    hashed: executables.size - without.length,
    endedMeanwhile: without.length - slow.length,
  });
}
