import { createHash } from 'node:crypto';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { Subject } from '../model/artifact.js';
import type { CollectContext, CollectResult } from '../ports/collector.js';
import type { ItemDraft, ItemFacts, ItemWriter } from '../ports/evidence-sink.js';
import type { NodeAccess, NodeCommand, NodeCommandEnd } from '../ports/node-access.js';
import { interrupted } from './interrupted.js';
import { openItem } from './open-item.js';

const EMPTY_SHA256 = createHash('sha256').digest('hex');

export interface CommandCapture {
  readonly access: NodeAccess;
  readonly command: NodeCommand;
  /** Without the vantage: that is the access's. */
  readonly draft: Omit<ItemDraft, 'vantage'>;
  readonly subject?: Subject;
  /** Shown every chunk before it is written; must not keep it. A returned promise holds the stream back. */
  watch?(bytes: Buffer): void | Promise<void>;
  /** Exit statuses that count as done; default 0 alone. */
  readonly expectedStatuses?: readonly number[];
  /** Asked at the end of a whole answer; what is not `null` says why it is only a part. */
  judge?(end: NodeCommandEnd): { readonly reason: string; readonly detail: string } | null;
  readonly sourceChanged?: boolean | null;
}

export interface CapturedCommand {
  readonly result: CollectResult;
  readonly end: NodeCommandEnd;
  /** Where the bytes are; `null` when there were none. */
  readonly path: string | null;
}

function isExpectedStatus({ expectedStatuses = [0] }: CommandCapture, { exitStatus }: NodeCommandEnd): boolean {
  return exitStatus !== null && expectedStatuses.includes(exitStatus);
}

function judged(capture: CommandCapture, end: NodeCommandEnd): CollectResult {
  const proof = {
    end: end.end,
    bytes: end.sizeBytes,
    exitStatus: end.exitStatus ?? -1,
    farSha256: end.farSha256 ?? '',
  };
  if (end.end !== 'complete') {
    const outcome = end.sizeBytes > 0 ? 'partial' : 'failed';
    return { outcome, reason: end.end, detail: escapeForTerminal(end.endDetail ?? '', 300), proof };
  }
  if (!isExpectedStatus(capture, end)) {
    const detail = `exit status ${String(end.exitStatus)}: ${escapeForTerminal(end.stderr.trim(), 300)}`;
    return { outcome: end.sizeBytes > 0 ? 'partial' : 'failed', reason: 'command-failed', detail, proof };
  }
  const part = capture.judge?.(end) ?? null;
  if (part !== null) return { outcome: 'partial', ...part, proof };
  return { outcome: end.sizeBytes === 0 ? 'empty' : 'collected', reason: 'complete', detail: '', proof };
}

async function writeAfter(
  watched: void | Promise<void>,
  open: () => Promise<ItemWriter>,
  bytes: Buffer,
): Promise<void> {
  await watched;
  await (await open()).write(bytes);
}

/**
 * Streams what a script on the node prints into one payload file. `collected` only when the far side said that the script had ended
 * well and its digest is that of our bytes. Leaves no writer open. Throws `INTERRUPTED`, `NODE_ACCESS_LOST`, and what the sink throws.
 */
export async function captureCommand(capture: CommandCapture, context: CollectContext): Promise<CapturedCommand> {
  let writer: ItemWriter | undefined;
  let path: string | null = null;
  const { vantage } = capture.access.facts;
  const open = async (): Promise<ItemWriter> => {
    if (writer !== undefined) return writer;
    const opened = await openItem(context.sink, { ...capture.draft, vantage });
    path = opened.path;
    writer = opened.writer;
    return writer;
  };
  try {
    const end = await capture.access.run(
      { ...capture.command, signal: capture.command.signal ?? context.signal },
      {
        chunk: (bytes) => {
          const watched = capture.watch?.(bytes);
          if (watched === undefined && writer !== undefined) return writer.write(bytes);
          return writeAfter(watched, open, bytes);
        },
        kept: () => ({ sha256: writer?.digest() ?? EMPTY_SHA256, sizeBytes: writer?.sizeBytes ?? 0 }),
      },
    );
    if (end.end === 'aborted') throw interrupted();
    const result = judged(capture, end);
    const { outcome } = result;
    if (outcome === 'collected' || outcome === 'partial') {
      await (await open()).commit(factsOf(capture, end, outcome));
      writer = undefined;
    }
    return { result, end, path };
  } finally {
    await writer?.abort();
  }
}

function factsOf(capture: CommandCapture, end: NodeCommandEnd, outcome: ItemFacts['outcome']): ItemFacts {
  return {
    subject: capture.subject ?? {},
    source: {
      argv: [...end.argv],
      method: capture.access.facts.rung,
      ...(end.auditId === null ? {} : { auditId: end.auditId }),
    },
    outcome,
    ...(end.end === 'limit' ? { truncated: { limit: end.sizeBytes, reason: 'limit' } } : {}),
    sourceChanged: capture.sourceChanged ?? null,
    firstByteAt: end.firstByteAt,
    lastByteAt: end.lastByteAt,
  };
}
