import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { PlannedArtifact, Sensitivity } from '../model/artifact.js';
import type { CollectContext } from '../ports/collector.js';
import type { NodeAccess, NodeCommand } from '../ports/node-access.js';
import { captureCommand, type CapturedCommand } from './capture-command.js';
import type { StepResult } from './combine-results.js';
import { concernsOneAnswer } from './interrupted.js';
import type { NodePart } from './node-part.js';
import { nodeSubject } from './node-subject.js';

/** What every step of one artifact on one node has in common. */
export interface NodeWork {
  readonly planned: PlannedArtifact;
  readonly part: NodePart;
  readonly collector: string;
  readonly access: NodeAccess;
  readonly context: CollectContext;
}

export interface NodeStep {
  /** What outcomes call it. */
  readonly step: string;
  /** Below `data/nodes/<node>/<collector>/`. */
  readonly file: string;
  readonly sensitivity?: Sensitivity;
  readonly command: Omit<NodeCommand, 'name' | 'signal'>;
  /** Shown every chunk as it is written; must not keep it. A returned promise holds the stream back. */
  readonly watch?: (bytes: Buffer) => void | Promise<void>;
  /** Asked at the end of the stream whether the source changed meanwhile. */
  readonly changed?: () => boolean;
}

export interface NodeStepEnd extends StepResult {
  /** `null` when the way to the node was lost. */
  readonly captured: CapturedCommand | null;
}

/**
 * Runs one script for an artifact and keeps what it prints as one payload file. A way that is lost ends the step, not what other steps
 * brought. Throws what concerns the run.
 */
export async function runNodeStep(work: NodeWork, step: NodeStep): Promise<NodeStepEnd> {
  try {
    const captured = await capture(work, step);
    return { step: step.step, result: captured.result, captured };
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    const reason = error.code.toLowerCase().replaceAll('_', '-');
    const result = { outcome: 'failed' as const, reason, detail: escapeForTerminal(error.message, 300), proof: {} };
    return { step: step.step, result, captured: null };
  }
}

async function capture(work: NodeWork, step: NodeStep): Promise<CapturedCommand> {
  const { planned, part, collector, access, context } = work;
  const { sensitivity = 'normal', watch, changed } = step;
  return await captureCommand(
    {
      access,
      command: { idleTimeoutMs: context.limits.idleTimeoutMs, ...step.command, name: `${collector}-${step.step}` },
      draft: {
        path: `data/nodes/${part.segment}/${collector}/${step.file}`,
        artifact: planned.artifact,
        collector,
        sensitivity,
      },
      subject: nodeSubject(part),
      ...(watch === undefined ? {} : { watch }),
      get sourceChanged() {
        return changed?.() ?? null;
      },
    },
    context,
  );
}
