import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Vantage } from '../../model/artifact.js';
import type { DiskExecutable } from '../../model/disk-executable.js';
import type { CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureCommand } from '../capture-command.js';
import { DerivedLines } from '../derived-lines.js';
import { knownDigestsOf, type KnownDigests } from '../known-digests.js';
import type { NodeWork } from '../node-step.js';
import { nodeSubject } from '../node-subject.js';
import { rawText } from '../raw-text.js';
import { ExecutableReader, type ExecutableFile } from './executable-reader.js';
import { EXECUTABLES_SCRIPT, FOLDERS, MAX_FILES } from './script.js';

const MAX_LISTING_BYTES = 512 * 1024 * 1024;
/** A large file is hashed in silence. */
const IDLE_TIMEOUT_MS = 180_000;
const NOT_ALL_SEARCHED = 9;
const TOOLS = { find: 'findutils', stat: 'coreutils', sha256sum: 'coreutils', grep: 'GNU grep' };

function lineOf(file: ExecutableFile, vantage: Vantage): DiskExecutable {
  const { path, interpreter, ...rest } = file;
  const name = path.toString('latin1');
  const isModule = /\.ko(?:\.[a-z0-9]+)?$/.test(name);
  const isLibrary = /\.so(?:\.[0-9.]+)?$/.test(name);
  return {
    path: rawText(path),
    role: isModule ? 'kernel-module' : isLibrary ? 'library' : 'executable',
    interpreter: interpreter === null ? null : rawText(Buffer.from(interpreter, 'latin1'), 256),
    vantage,
    ...rest,
  };
}

function missingTools({ facts }: NodeWork['access']): CollectResult | null {
  const missing = Object.entries(TOOLS).filter(([tool, word]) => !(facts.tools[tool] ?? '').includes(word));
  if (missing.length === 0) return null;
  const detail = `Not there, or not as it is needed: ${missing.map(([tool, word]) => `${tool} (${word})`).join(', ')}.`;
  return { outcome: 'skipped', reason: 'tool-missing', detail, proof: { rung: facts.rung } };
}

function judged(result: CollectResult, reader: ExecutableReader): CollectResult {
  const { files, unread, tooLarge, malformed } = reader;
  const proof = { ...result.proof, files, unread, tooLarge };
  if (result.outcome !== 'collected') return { ...result, proof };
  const partial = (reason: string, detail: string): CollectResult => ({ outcome: 'partial', reason, detail, proof });
  if (malformed > 0 || !reader.isBetweenBatches)
    return partial('malformed', 'the listing is not as our script prints it');
  if (files >= MAX_FILES) return partial('limit', `only the first ${String(MAX_FILES)} files were read`);
  if (unread > 0) return partial('unreadable', `${String(unread)} files could not be read`);
  if (tooLarge > 0) return partial('too-large', `${String(tooLarge)} files above 1 GiB are listed without hash`);
  return { ...result, proof };
}

const nanoseconds = (text: string): bigint | null => (text === '' ? null : BigInt(text.replace('.', '')));

/** What was made here is not made again by whoever reads the same file in this run. */
function remember(known: KnownDigests, file: ExecutableFile): void {
  const [mtimeNs, ctimeNs] = [nanoseconds(file.modified), nanoseconds(file.changed)];
  if (file.sha256 === null || mtimeNs === null || ctimeNs === null) return;
  const { device, inode, sizeBytes } = file;
  known.add({ device: String(device), inode: String(inode), sizeBytes, mtimeNs, ctimeNs }, file.sha256);
}

/** The same access; what a command prints is shown to `take` before it goes where it was to go. */
function tapped(access: NodeAccess, take: (bytes: Buffer) => Promise<void>): NodeAccess {
  return {
    facts: access.facts,
    run: async (command, consumer) =>
      await access.run(command, {
        chunk: async (bytes) => {
          await take(bytes);
          await consumer.chunk(bytes);
        },
      }),
    close: async () => {
      await access.close();
    },
  };
}

/** Lists and hashes the programs of a node, and writes one line for each. */
export async function readExecutables(work: NodeWork): Promise<CollectResult> {
  const { planned, part, collector, access, context } = work;
  const refusal = missingTools(access);
  if (refusal !== null) return refusal;
  const draft = { artifact: planned.artifact, collector, sensitivity: 'normal' } as const;
  const { vantage } = access.facts;
  const reader = new ExecutableReader();
  const lines = new DerivedLines(context.sink, {
    ...draft,
    path: `data/derived/nodes/${part.segment}/disk-executables.jsonl`,
    vantage,
  });
  const take = async (bytes: Buffer): Promise<void> => {
    reader.feed(bytes);
    for (const file of reader.take()) {
      remember(known, file);
      await lines.add(lineOf(file, vantage));
    }
  };
  const known = knownDigestsOf(access);
  const done = known.begin();
  try {
    const captured = await captureCommand(
      {
        access: tapped(access, take),
        command: {
          name: 'executables',
          script: EXECUTABLES_SCRIPT,
          args: FOLDERS,
          maxBytes: MAX_LISTING_BYTES,
          idleTimeoutMs: Math.max(context.limits.idleTimeoutMs, IDLE_TIMEOUT_MS),
        },
        draft: { ...draft, path: `data/nodes/${part.segment}/executables/listing.nul` },
        subject: nodeSubject(part),
        judge: (end) =>
          end.exitStatus === NOT_ALL_SEARCHED
            ? {
                reason: 'not-searched',
                detail: `some folders could not be searched: ${escapeForTerminal(end.stderr.trim(), 300)}`,
              }
            : null,
        expectedStatuses: [0, NOT_ALL_SEARCHED],
      },
      context,
    );
    const { result, path } = captured;
    if (path !== null) await lines.commit(nodeSubject(part), [path]);
    // What the far side's digest does not vouch for is not passed on.
    if (captured.end.end === 'complete') known.source = path;
    return judged(result, reader);
  } finally {
    done();
    await lines.abort();
  }
}
