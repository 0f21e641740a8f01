import { setTimeout as wait } from 'node:timers/promises';
import { ExhibitError } from '../../model/errors.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { Collector } from '../../ports/collector.js';
import type { CollectDeps, CollectRequest } from '../collect-request.js';
import type { CollectSummary } from '../collect-summary.js';
import { Run } from '../execute/run.js';
import { readRunStates, type RunState, writeRunState } from '../execute/run-state.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import type { RespondState } from './respond-state.js';

/** The suspects' own traces are read for so long at most before the first change of ours. */
export const VANISHING_MS = 10_000;

const COLLECTORS = ['events', 'pod-logs', 'objects'];
/** Lists that say what a suspect is and what made it, as their artifacts name them: group, version, resource. */
const OWN =
  /^(?:core\.v1\.(?:pods|nodes|replicationcontrollers)|apps\.v1\.(?:replicasets|deployments|statefulsets|daemonsets|controllerrevisions)|batch\.v1\.(?:jobs|cronjobs))$/;

type Suspects = RespondState['suspects'];

/** Whether an artifact is one of those that vanish with the suspects: by its key, `COLLECTOR/WHAT/...`. */
export function isVanishing({ artifact }: Pick<PlannedArtifact, 'artifact'>, suspects: Suspects): boolean {
  const [collector = '', what = '', ...rest] = artifact.split('/');
  const namespaces = new Set(suspects.map(({ namespace }) => namespace));
  if (collector === 'events') return rest[0] === undefined || rest[0] === 'default' || namespaces.has(rest[0]);
  if (collector === 'objects') return OWN.test(what) && (rest[0] === undefined || namespaces.has(rest[0]));
  const isPrevious = collector === 'pod-logs' && rest.at(-1) === 'previous';
  return isPrevious && suspects.some(({ namespace, name }) => what === namespace && rest[0]?.startsWith(`${name}.`));
}

function narrowed(collector: Collector, suspects: Suspects): Collector {
  return {
    ...collector,
    plan: async function* (context) {
      for await (const planned of collector.plan(context)) if (isVanishing(planned, suspects)) yield planned;
    },
  };
}

function vanishingRequest({ request, suspects }: RespondState): CollectRequest {
  const { collect } = request;
  const pods = suspects.map(({ namespace, name }) => `${namespace}/${name}`);
  const scope = { all: false, nodes: collect.scope.nodes, pods, namespaces: [] };
  return { ...collect, scope, collectors: COLLECTORS, kubelet: false, nodeAccess: [], collectorPod: null };
}

export interface PartDeps {
  readonly record: ContainmentRecord;
  readonly deps: CollectDeps;
}

/** Collections of this response that the one over all tiers makes unnecessary: nothing goes on with them. */
async function endOthers({ exhibit }: ContainmentRecord, { earlierRuns, run }: RespondState): Promise<void> {
  for (const state of await readRunStates(exhibit.runDirectory))
    if (state.run > earlierRuns && state.run !== run && state.stage !== 'finished')
      await writeRunState(exhibit.runDirectory, { ...state, stage: 'finished' });
}

async function beginRun({ exhibit }: ContainmentRecord, request: CollectRequest): Promise<RunState> {
  const runs = await readRunStates(exhibit.runDirectory);
  const state: RunState = { run: runs.length + 1, stage: 'begun', request, targets: null };
  await writeRunState(exhibit.runDirectory, state);
  return state;
}

/**
 * Reads what may be gone with the suspects: their own objects, events and previous logs, until `limitMs` is over. What was not read by
 * then is left to the collection of all tiers. Throws as `collect`.
 */
export async function collectVanishing(
  state: RespondState,
  { record, deps }: PartDeps,
  limitMs = VANISHING_MS,
): Promise<{ readonly isWhole: boolean }> {
  await endOthers(record, state);
  const { openCase, exhibit } = record;
  const timer = new AbortController();
  const over = new ExhibitError('TIMEOUT', 'the time for what vanishes is over');
  const stop = new AbortController();
  void wait(limitMs, undefined, { signal: stop.signal }).then(
    () => {
      timer.abort(over);
    },
    () => undefined,
  );
  const collectors = deps.collectors.map((one) => narrowed(one, state.suspects));
  const signal = AbortSignal.any([deps.signal, timer.signal]);
  const run = await beginRun(record, vanishingRequest(state));
  try {
    await new Run({ deps: { ...deps, collectors, signal }, openCase, exhibit, state: run }).execute();
    return { isWhole: true };
  } catch (error) {
    if (deps.signal.aborted || !timer.signal.aborted) throw error;
    return { isWhole: false };
  } finally {
    stop.abort();
    await endOthers(record, state);
  }
}

/** The collection over all tiers, from wherever an earlier process left it. Throws as `collect`. */
export async function openMainRun(
  state: RespondState,
  { record }: Pick<PartDeps, 'record'>,
): Promise<{ readonly run: RunState }> {
  await endOthers(record, state);
  const runs = await readRunStates(record.exhibit.runDirectory);
  const known = runs.find(({ run }) => run === state.run);
  return { run: known ?? (await beginRun(record, state.request.collect)) };
}

/** Throws as `collect`. */
export async function collectMain(run: RunState, { record, deps }: PartDeps): Promise<CollectSummary> {
  const { openCase, exhibit } = record;
  return await new Run({ deps, openCase, exhibit, state: run }).execute();
}
