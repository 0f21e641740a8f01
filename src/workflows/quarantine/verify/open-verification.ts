import { setTimeout as wait } from 'node:timers/promises';
import { ExhibitError } from '../../../model/errors.js';
import type { StepReport } from '../../../plan/step-report.js';
import type { PlanTools } from '../../../plan/step-driver.js';
import type { ExhibitSpool } from '../../../evidence/exhibit-spool.js';
import type { Clock } from '../../../ports/clock.js';
import type { ClusterReader } from '../../../ports/cluster-reader.js';
import type { Io } from '../../../ports/io.js';
import type { NodeAccessRung } from '../../../ports/node-access.js';
import type { RungRecords } from '../../collect-request.js';
import { changesOf, saying } from '../../execute/open-ladder.js';
import { parseNode } from '../../targets/parse-pod.js';
import type { Scene } from '../read-scene.js';
import { judgeContainment, type JudgedContainment } from '../verdict.js';
import type { CheckRound } from './containment-check.js';
import { Vantages } from './vantages.js';
import {
  type CheckDeps,
  type CheckRequest,
  type ContainmentChecks,
  flowsBeforehand,
  verifyContainment,
} from './verify-containment.js';

const TOKEN_LENGTH = 16;

/** How a containment is looked at afterwards. */
export interface VerificationOptions {
  readonly request: CheckRequest;
  readonly clock: Clock;
  readonly token: (length: number) => string;
  /** Ways to the nodes, in the order in which they are tried; `null` = nothing is to run there. */
  readonly rungs: ((records: RungRecords) => Promise<readonly NodeAccessRung[]>) | null;
}

export interface VerificationDeps {
  readonly reader: ClusterReader;
  readonly tools: PlanTools;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly exhibit: ExhibitSpool;
}

export interface Verified extends JudgedContainment {
  readonly checks: readonly CheckRound[];
}

export interface Verification {
  /** After the last step. Throws as the records. */
  check(reports: readonly StepReport[], failures: readonly string[], endedUs: number): Promise<Verified>;
  /** Removes what it needed on the nodes. Never throws. */
  close(): Promise<void>;
}

async function openVantages(
  { nodes }: Pick<Scene, 'nodes'>,
  { rungs, token }: VerificationOptions,
  { exhibit, io, signal }: VerificationDeps,
): Promise<Vantages | null> {
  if (rungs === null) return null;
  const changes = saying(changesOf(exhibit), { io });
  const made = await rungs({ requests: exhibit.requestLog, changes });
  return new Vantages({
    ...{ rungs: made, signal, token: () => token(TOKEN_LENGTH) },
    nodes: nodes.flatMap(({ object }) => parseNode(object) ?? []),
    record: async ({ name, uid }, { access, refusals }) => {
      const chosen = access?.facts ?? null;
      await exhibit.custody.append('preflight', { phase: 'containment', node: name, nodeUid: uid, refusals, chosen });
    },
  });
}

function checkDeps(
  vantages: Vantages | null,
  { clock, token }: VerificationOptions,
  deps: VerificationDeps,
): CheckDeps {
  const { reader, tools, io, signal, exhibit } = deps;
  return {
    ...{ reader, tools, io, signal, clock, vantages },
    record: changesOf(exhibit),
    token: () => token(TOKEN_LENGTH),
    pause: (ms) => wait(ms, undefined, { signal }),
  };
}

/** Steps that are to hold: those that failed do not, and are named by themselves. */
function stepsToHold(reports: readonly StepReport[]) {
  return reports.filter(({ outcome }) => outcome !== 'failed').map(({ planned }) => planned);
}

/**
 * Opens the ways to the suspects' nodes, where they were asked for, and notes with whom the suspects are connected: before the first
 * change. A node without a way is said in the verdict. Throws as the rungs' maker and the records.
 */
export async function openVerification(
  { scene, ...contained }: Pick<ContainmentChecks, 'plan' | 'subject' | 'isResumed'> & { readonly scene: Scene },
  options: VerificationOptions,
  deps: VerificationDeps,
): Promise<Verification> {
  const { suspects } = scene;
  const vantages = suspects.length === 0 ? null : await openVantages(scene, options, deps);
  const checking = checkDeps(vantages, options, deps);
  const checks = { ...contained, suspects, request: options.request };
  const flowsBefore = await flowsBeforehand(checks, checking);
  return {
    check: async (reports, failures, endedUs) => {
      const done = { steps: stepsToHold(reports), failures, flowsBefore, endedUs };
      const evidence = await verifyContainment(checks, done, checking);
      return { ...judgeContainment(evidence), checks: evidence.rounds };
    },
    close: async () => {
      await vantages?.close();
    },
  };
}

/** For whoever waits for the re-checks no longer. Throws `INTERRUPTED`, when the verdict is on record. */
export function assertNotInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new ExhibitError('INTERRUPTED', 'interrupted while it was watched whether the containment holds', {
    safe: 'Every change is in the journal with its way back; the verdict so far is in the custody log.',
  });
}
