import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { PlannedArtifact, Subject } from '../../model/artifact.js';
import type { ActuateAnswer } from '../../ports/cluster-actuator.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureCommand, type CapturedCommand } from '../capture-command.js';
import { DerivedLines } from '../derived-lines.js';
import { CheckpointArchive } from './checkpoint-archive.js';
import { checkedPath, filePrefix, nameOf, type CheckpointFile } from './checkpoint-file.js';
import { FETCH_SCRIPT } from './far-scripts.js';
import { listCheckpoints, removeCheckpoint, sayLeftBehind } from './node-files.js';
import type { PlannedCheckpoint } from './planned-checkpoint.js';

/** The kubelet's own default for the runtime. */
const TIMEOUT_SECONDS = 120;
const MAX_CHECKPOINT_BYTES = 256 * 1024 ** 3;
const MAX_NAMED = 5;

export interface CheckpointWork {
  readonly collector: string;
  readonly planned: PlannedArtifact;
  readonly target: PlannedCheckpoint;
  readonly access: NodeAccess;
  readonly changes: NonNullable<CollectContext['changes']>;
  readonly context: CollectContext;
}

function subjectOf({ nodeUid, machineId, uid, containerId }: PlannedCheckpoint): Subject {
  return {
    ...(nodeUid === '' ? {} : { nodeUid }),
    ...(machineId === '' ? {} : { machineId }),
    ...(uid === '' ? {} : { podUid: uid }),
    ...(containerId === null ? {} : { containerId }),
  };
}

async function ask(work: CheckpointWork): Promise<ActuateAnswer> {
  const { target, changes, context } = work;
  const { node, namespace, pod, container } = target;
  const kind = 'checkpoint-container';
  const subject = `pods ${namespace}/${pod} container ${container}`;
  const intended = { file: `/var/lib/kubelet/checkpoints/${filePrefix(target)}<time>.tar`, node };
  const undo = `rm the file on node ${node}; the container was frozen for a moment, which nothing undoes`;
  await changes.record.action({ kind, subject, before: null, intended, undo, reversibility: 'compensated' });
  const answer = await changes.checkpointer.checkpoint(
    { node, namespace, pod, container },
    { timeoutSeconds: TIMEOUT_SECONDS, signal: context.signal },
  );
  const detail =
    answer.outcome === 'refused' ? answer.refusal.message : answer.outcome === 'unknown' ? answer.detail : '';
  await changes.record.effect({
    kind,
    subject,
    outcome: answer.outcome,
    detail: escapeForTerminal(detail, 500),
    auditIds: [answer.auditId],
    after: answer.outcome === 'done' ? { bodySha256: answer.bodySha256 } : null,
  });
  return answer;
}

/** Why there is nothing to fetch. 500 is how a kubelet says that the runtime could not. */
function refusalOf(answer: Exclude<ActuateAnswer, { outcome: 'done' }>): CollectResult {
  const proof = { auditId: answer.auditId };
  if (answer.outcome === 'unknown') {
    const reason = answer.detail.startsWith('status 500') ? 'checkpoint-failed' : 'unknown';
    return { outcome: 'failed', reason, detail: escapeForTerminal(answer.detail, 300), proof };
  }
  const { kind, message } = answer.refusal;
  const detail = escapeForTerminal(message, 300);
  if (answer.status === 403 || answer.status === 401) return { outcome: 'denied', reason: kind, detail, proof };
  // A kubelet without the feature has no such path; a container that is gone answers alike.
  if (answer.status === 404 || answer.status === 405) return { outcome: 'failed', reason: 'not-served', detail, proof };
  return { outcome: 'failed', reason: kind, detail, proof };
}

async function derive(work: CheckpointWork, archive: CheckpointArchive, from: string): Promise<void> {
  const { planned, target, collector, access, context } = work;
  const draft = {
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: 'personal',
  } as const;
  const folder = `data/derived/checkpoint/${target.derivedFolder}`;
  for (const [name, lines] of [
    ['members', archive.members],
    ['deletions', archive.deletions],
  ] as const) {
    const file = new DerivedLines(context.sink, { ...draft, path: `${folder}/${name}.jsonl` });
    try {
      for (const line of lines) await file.add(line);
      await file.commit(subjectOf(target), [from]);
    } finally {
      await file.abort();
    }
  }
}

async function fetch(work: CheckpointWork, path: string): Promise<CapturedCommand & { problems: readonly string[] }> {
  const { collector, planned, target, access, context } = work;
  const archive = new CheckpointArchive();
  const captured = await captureCommand(
    {
      access,
      command: {
        name: 'checkpoint-fetch',
        script: FETCH_SCRIPT,
        stdin: Buffer.from(`${path}\n`),
        maxBytes: MAX_CHECKPOINT_BYTES,
        idleTimeoutMs: context.limits.idleTimeoutMs,
      },
      draft: {
        path: `data/pods/${target.folder}/checkpoint/checkpoint.tar`,
        artifact: planned.artifact,
        collector,
        sensitivity: 'secret',
      },
      subject: subjectOf(target),
      watch: async (bytes) => {
        await archive.write(bytes);
      },
    },
    context,
  );
  await archive.end();
  if (captured.path !== null) await derive(work, archive, captured.path);
  return { ...captured, problems: [...archive.problems].toSorted() };
}

const named = (files: readonly CheckpointFile[]): string =>
  files
    .slice(0, MAX_NAMED)
    .map(({ name }) => escapeForTerminal(name, 255))
    .join(', ');

/** Files that came to be since `before`, named after this container: whoever made them, we asked for one. */
function sinceThen(
  target: PlannedCheckpoint,
  before: readonly CheckpointFile[] | null,
  now: readonly CheckpointFile[] | null,
): readonly CheckpointFile[] {
  if (before === null || now === null) return [];
  return now.filter(({ name }) => name.startsWith(filePrefix(target)) && !before.some((one) => one.name === name));
}

/** Asks for the checkpoint, fetches the file and takes it away again; what stays on the node is named in the outcome. */
export async function takeCheckpoint(work: CheckpointWork): Promise<CollectResult> {
  const { access, target, context, changes } = work;
  const before = await listCheckpoints(access, context.signal);
  const answer = await ask(work);
  const now = await listCheckpoints(access, null);
  const fresh = sinceThen(target, before, now);
  if (answer.outcome !== 'done') return withLeft(work, refusalOf(answer), fresh);
  const path = checkedPath(answer.object, filePrefix(target));
  if (path === null) {
    const detail = 'The kubelet names no file of this container in its folder of checkpoints; nothing was read.';
    const proof = { auditId: answer.auditId };
    return withLeft(work, { outcome: 'failed', reason: 'unexpected-path', detail, proof }, fresh);
  }
  const file = now?.find(({ name }) => name === nameOf(path)) ?? null;
  const { result, problems } = await fetch(work, path);
  const proof = {
    ...result.proof,
    auditId: answer.auditId,
    ...(problems.length === 0 ? {} : { unread: problems.join(' ') }),
  };
  const isWhole = result.outcome === 'collected';
  if (!isWhole || file === null) {
    // Kept on the node: it is the only whole copy.
    const left = file === null ? [{ name: nameOf(path), inode: '', sizeBytes: '' }] : [file];
    return withLeft(work, { ...result, proof }, left);
  }
  const gone = await removeCheckpoint(access, { path, inode: file.inode, auditId: answer.auditId }, changes);
  const complete = { ...result, proof: { ...proof, removedFromNode: gone ? 'proven' : 'no' } };
  return gone ? complete : withLeft(work, complete, [file]);
}

function withLeft(work: CheckpointWork, result: CollectResult, left: readonly CheckpointFile[]): CollectResult {
  if (left.length === 0) return result;
  const text = sayLeftBehind(work.context, work.target.node, [named(left)]);
  const detail = [result.detail, text].filter((one) => one !== '').join('; ');
  return { ...result, detail: detail.slice(0, 500), proof: { ...result.proof, leftOnNode: left.length } };
}
