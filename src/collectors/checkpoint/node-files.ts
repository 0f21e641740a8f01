import type { ActionRecord } from '../../ports/action-record.js';
import type { CollectContext } from '../../ports/collector.js';
import type { NodeAccess, NodeCommand } from '../../ports/node-access.js';
import { concernsOneAnswer } from '../interrupted.js';
import { parseFiles, type CheckpointFile } from './checkpoint-file.js';
import { LIST_SCRIPT, REMOVE_SCRIPT } from './far-scripts.js';

const MAX_SHORT_BYTES = 4 * 1024 * 1024;
const SHORT_MS = 60_000;

async function runShort(access: NodeAccess, command: NodeCommand, signal: AbortSignal | null): Promise<string | null> {
  const parts: Buffer[] = [];
  const limits = { maxBytes: MAX_SHORT_BYTES, timeoutMs: SHORT_MS, ...(signal === null ? {} : { signal }) };
  const chunk = (bytes: Buffer): void => {
    parts.push(Buffer.from(bytes));
  };
  const end = await access.run({ ...command, ...limits }, { chunk });
  return end.end === 'complete' && end.exitStatus === 0 ? Buffer.concat(parts).toString('latin1') : null;
}

/** The checkpoints on the node's disk; `null` = they cannot be listed. */
export async function listCheckpoints(
  access: NodeAccess,
  signal: AbortSignal | null,
): Promise<readonly CheckpointFile[] | null> {
  try {
    const text = await runShort(access, { name: 'checkpoint-list', script: LIST_SCRIPT }, signal);
    return text === null ? null : parseFiles(Buffer.from(text, 'latin1'));
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return null;
  }
}

export interface Removal {
  readonly path: string;
  readonly inode: string;
  readonly auditId: string;
}

async function isGone(access: NodeAccess, { path, inode }: Removal): Promise<boolean> {
  try {
    const stdin = Buffer.from(`${path}\n`);
    // Without the run's signal: what was made must be taken away when the run is interrupted, too.
    const said = await runShort(
      access,
      { name: 'checkpoint-remove', script: REMOVE_SCRIPT, args: [inode], stdin },
      null,
    );
    return said === 'gone\n';
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return false;
  }
}

/** Takes the file away, on record before and after. Whether it is proven gone; where this way may not write it stays, and is named. */
export async function removeCheckpoint(
  access: NodeAccess,
  removal: Removal,
  { record }: { readonly record: ActionRecord },
): Promise<boolean> {
  const { path, inode, auditId } = removal;
  const kind = 'remove-checkpoint';
  const subject = `${access.facts.node}:${path}`;
  const undo = 'none: the file was made for the collection alone and is in the exhibit';
  await record.action({ kind, subject, before: { inode }, intended: null, undo, reversibility: 'irreversible' });
  const gone = await isGone(access, removal);
  await record.effect({
    kind,
    subject,
    outcome: gone ? 'proven-gone' : 'left-behind',
    detail: gone ? '' : `it holds all memory of the container; remove it on the node: rm ${path}`,
    auditIds: [auditId],
    after: gone ? null : { path },
  });
  return gone;
}

/** Tells people and the outcome where a file of ours stayed. */
export function sayLeftBehind(context: CollectContext, node: string, names: readonly string[]): string {
  const text = `left on node ${node}, with all memory of the container: ${names.join(', ')}`;
  context.emit('NOTE', `${text}; remove it there by hand`, { node, files: names });
  return text;
}
