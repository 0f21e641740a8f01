import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { deriveNodeLines } from '../derive-node-lines.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { NulRows } from '../nul-rows.js';
import { HIDDEN_AGAIN_SCRIPT, HIDDEN_SCRIPT } from './scripts.js';

const MAX_STREAM_BYTES = 128 * 1024 * 1024;
/** The highest that Linux gives, PID_MAX_LIMIT. */
const MAX_PID = 4_194_304;
const TIMEOUT_MS = 60_000;
/** Numbers that are asked again. */
const MAX_SUSPECTS = 100_000;

/** Reads the rows of both scripts as they go by. */
class Answers {
  readonly listed = new Set<string>();
  readonly answering = new Set<string>();
  tried = 0;
  readonly #rows = new NulRows(2, ([kind, value]) => {
    const pid = value?.toString('latin1') ?? '';
    if (!/^\d{1,10}$/.test(pid)) return;
    const word = kind?.toString('latin1');
    if (word === 'task') this.listed.add(pid);
    if (word === 'answers') this.answering.add(pid);
    if (word === 'tried') this.tried = Number(pid);
  });

  feed(bytes: Buffer): void {
    this.#rows.feed(bytes);
  }

  get unlisted(): string[] {
    return [...this.answering].filter((pid) => !this.listed.has(pid));
  }
}

/**
 * Asks for every number and compares with the listings before and after. A process that lived only in between is asked for again, between
 * two more listings: what answers and is in none of the four is hidden.
 */
export async function readHidden(work: NodeWork): Promise<CollectResult> {
  const first = new Answers();
  const asked = await runNodeStep(work, {
    step: 'numbers',
    file: 'numbers.rows',
    command: { script: HIDDEN_SCRIPT, args: [String(MAX_PID)], maxBytes: MAX_STREAM_BYTES, timeoutMs: TIMEOUT_MS },
    watch: (bytes) => {
      first.feed(bytes);
    },
  });
  const steps: StepResult[] = [asked];
  const paths = [asked.captured?.path ?? []].flat();
  const suspects = first.unlisted.slice(0, MAX_SUSPECTS);
  let hidden: string[] = [];
  if (suspects.length > 0) {
    const second = new Answers();
    const again = await runNodeStep(work, {
      step: 'again',
      file: 'numbers-again.rows',
      command: {
        script: HIDDEN_AGAIN_SCRIPT,
        stdin: Buffer.from(suspects.map((pid) => `${pid}\0`).join(''), 'latin1'),
        maxBytes: MAX_STREAM_BYTES,
      },
      watch: (bytes) => {
        second.feed(bytes);
      },
    });
    steps.push(again);
    paths.push(...[again.captured?.path ?? []].flat());
    hidden = second.unlisted;
  }
  const lines = hidden.map((pid) => ({ finding: 'hidden-process', pid: Number(pid) }));
  await deriveNodeLines(work, { name: 'hidden-processes', lines, derivedFrom: paths });
  return combineResults(steps, {
    tried: first.tried,
    listed: first.listed.size,
    endedMeanwhile: suspects.length - hidden.length,
    hidden: hidden.length,
    hiddenPids: hidden.slice(0, 20).join(' '),
  });
}
