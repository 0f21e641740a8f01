import { CONTAINERD_ROOTS } from '../lib/containerd-store/containerd-roots.js';
import { safeSegment } from '../lib/safe-path.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { captureCommand } from './capture-command.js';
import type { StepResult } from './combine-results.js';
import { interrupted } from './interrupted.js';
import { nodeSubject } from './node-subject.js';
import type { NodeWork } from './node-step.js';
import { NulRows } from './nul-rows.js';
import { COPY_DATABASE_SCRIPT, DATABASES, LIST_DATABASES_SCRIPT } from './runtime-store-scripts.js';

/** A containerd database is some megabytes; one of more than this is copied to here. Bytes. */
const MAX_DATABASE_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_LISTING_BYTES = 1024 * 1024;
/** A file that changed while it was copied is copied again. */
const MAX_COPIES = 3;

export interface CopiedDatabase {
  /** Absolute path on the node. */
  readonly root: string;
  /** Below the root. */
  readonly file: string;
  /** Of the payload file. */
  readonly path: string;
  /** A second read of the whole file gave other bytes: the copy may be torn. */
  readonly changed: boolean;
}

const DATABASE_NAMES: ReadonlySet<string> = new Set(DATABASES);

interface Listed {
  readonly found: readonly { readonly root: string; readonly file: string }[];
  /** Roots that are there and cannot be looked into. */
  readonly denied: readonly string[];
  /** Why the list may be short. */
  readonly problem: string | null;
}

async function listed(work: NodeWork): Promise<Listed> {
  const found: { root: string; file: string }[] = [];
  const denied = new Set<string>();
  const roots: readonly string[] = CONTAINERD_ROOTS.map(({ root }) => root);
  const rows = new NulRows(4, ([root, file]) => {
    const name = file?.toString('latin1') ?? '';
    const where = root?.toString('latin1') ?? '';
    if (!roots.includes(where)) return;
    if (DATABASE_NAMES.has(name)) found.push({ root: where, file: name });
    if (name === '') denied.add(where);
  });
  const end = await work.access.run(
    {
      name: 'list-databases',
      script: LIST_DATABASES_SCRIPT,
      args: DATABASES,
      stdin: Buffer.from(roots.map((root) => `${root}\n`).join('')),
      maxBytes: MAX_LISTING_BYTES,
      signal: work.context.signal,
    },
    {
      chunk: (bytes) => {
        rows.feed(bytes);
      },
    },
  );
  if (end.end === 'aborted') throw interrupted();
  return { found, denied: [...denied], problem: end.end === 'complete' ? null : (end.endDetail ?? end.end) };
}

async function copied(work: NodeWork, { root, file }: { root: string; file: string }) {
  const { planned, part, collector, access, context } = work;
  const name = CONTAINERD_ROOTS.find((one) => one.root === root)?.name ?? 'other';
  let changed = false;
  const captured = await captureCommand(
    {
      access,
      command: {
        name: 'copy-database',
        script: COPY_DATABASE_SCRIPT,
        args: [root, file],
        maxBytes: MAX_DATABASE_BYTES,
        idleTimeoutMs: Math.max(context.limits.idleTimeoutMs, 60_000),
      },
      draft: {
        path: `data/nodes/${part.segment}/${collector}/stores/${name}/${safeSegment(file.replaceAll('/', '.'))}`,
        artifact: planned.artifact,
        collector,
        // Environment variables of every container stand in it.
        sensitivity: 'secret',
      },
      subject: nodeSubject(part),
      judge: (end) => {
        changed = /^again ([0-9a-f]{64}) /m.exec(end.stderr)?.[1] !== end.sha256;
        return null;
      },
      get sourceChanged() {
        return changed;
      },
    },
    context,
  );
  return { captured, changed };
}

/**
 * Copies every containerd database of a node that there is, whole, and again, at most three times in all, while a second read gives
 * other bytes: containerd holds its lock on them for as long as it runs. All copies are kept; the last is the one to read.
 */
export async function copyDatabases(
  work: NodeWork,
): Promise<{ readonly copies: readonly CopiedDatabase[]; readonly steps: readonly StepResult[] }> {
  const copies: CopiedDatabase[] = [];
  const { found, denied, problem } = await listed(work);
  const steps: StepResult[] = denied.map((root) => ({
    step: root,
    result: { outcome: 'denied', reason: 'permission-denied', detail: 'it may not be looked into', proof: {} },
  }));
  if (problem !== null) {
    const detail = escapeForTerminal(problem, 200);
    steps.push({ step: 'databases', result: { outcome: 'failed', reason: 'listing-cut', detail, proof: {} } });
  }
  for (const one of found) {
    const step = `${one.root}/${one.file}`;
    for (let attempt = 1; attempt <= MAX_COPIES; attempt += 1) {
      const { captured, changed } = await copied(work, one);
      const isLast = !changed || attempt === MAX_COPIES || captured.result.outcome !== 'collected';
      if (!isLast) continue;
      if (captured.path !== null) copies.push({ ...one, path: captured.path, changed });
      steps.push({ step, result: captured.result });
      break;
    }
  }
  return { copies, steps };
}
