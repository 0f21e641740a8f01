import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { DerivedLines } from '../derived-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { nodeSubject } from '../node-subject.js';
import { NulRows } from '../nul-rows.js';
import { knownRuntimeStores } from '../runtime-stores.js';
import {
  cpuNanoCores,
  parseDockerChanges,
  parseDockerContainers,
  parseDockerSample,
  type DockerContainer,
} from './docker-answers.js';
import {
  DOCKER_EACH_SCRIPT,
  DOCKER_GET_SCRIPT,
  HIDDEN_DAEMON_STATUS,
  NO_CURL_STATUS,
  NO_DAEMON_STATUS,
} from './docker-scripts.js';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Of the answer about one container, of which `changes` has every path; a container chooses how many it has. */
const MAX_FIELD_BYTES = 16 * 1024 * 1024;
/** Between the two samples of a container, seconds; a series has its own length, and silence ends a command. */
const MIN_WINDOW_SECONDS = 1;
const MAX_WINDOW_SECONDS = 30;
const PLAIN = [
  { name: 'version', path: '/version' },
  { name: 'info', path: '/info' },
  { name: 'images', path: '/images/json?all=1&digests=1' },
];
const STATS = '/stats?stream=false&one-shot=true';

async function get(
  work: NodeWork,
  { name, path }: { readonly name: string; readonly path: string },
  keep?: Buffer[],
): Promise<NodeStepEnd> {
  return await runNodeStep(work, {
    step: name,
    file: `docker/${name}.json`,
    // Labels, arguments and addresses of proxies stand in it.
    sensitivity: 'secret',
    command: { script: DOCKER_GET_SCRIPT, args: [path], maxBytes: MAX_ANSWER_BYTES },
    watch: (bytes) => void keep?.push(Buffer.from(bytes)),
  });
}

interface Answers<Answer> {
  readonly end: NodeStepEnd;
  readonly byId: ReadonlyMap<string, Answer>;
}

/** Asks the same of each container; an answer that is none is kept as it came, and told by its absence. */
async function each<Answer>(
  work: NodeWork,
  { name, path, waitSeconds, ids }: { name: string; path: string; waitSeconds: number; ids: readonly string[] },
  parse: (field: Buffer) => Answer | null,
): Promise<Answers<Answer>> {
  const byId = new Map<string, Answer>();
  const rows = new NulRows(
    2,
    ([id, field]) => {
      const answer = field === undefined ? null : parse(field);
      if (id !== undefined && answer !== null) byId.set(id.toString('latin1'), answer);
    },
    MAX_FIELD_BYTES,
  );
  const end = await runNodeStep(work, {
    step: name,
    file: `docker/${name}.bin`,
    sensitivity: 'personal',
    command: {
      script: DOCKER_EACH_SCRIPT,
      args: [path, String(waitSeconds)],
      stdin: Buffer.from(ids.map((id) => `${id}\0`).join('')),
      maxBytes: MAX_ANSWER_BYTES,
      idleTimeoutMs: 90_000,
    },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  });
  return { end, byId };
}

/** What stands for an answer where nobody could give one; `null` = somebody did. */
function withoutDaemon({ captured }: NodeStepEnd): CollectResult | null {
  const status = captured?.end.exitStatus;
  const proof = { exitStatus: status ?? -1 };
  if (status === NO_DAEMON_STATUS)
    return {
      outcome: 'absent',
      reason: 'not-there',
      detail: 'No daemon of Docker runs with its socket in /run.',
      proof,
    };
  if (status === HIDDEN_DAEMON_STATUS) {
    const detail = 'A process calls itself dockerd, and we may not see which program it runs: it is not asked.';
    return { outcome: 'skipped', reason: 'degraded', detail, proof };
  }
  if (status !== NO_CURL_STATUS) return null;
  const detail = 'Docker runs, and the way to the node has no curl to ask it.';
  return { outcome: 'skipped', reason: 'tool-missing', detail, proof };
}

type Asked = Readonly<{
  paths: readonly string[];
  changes: Answers<NonNullable<ReturnType<typeof parseDockerChanges>>>;
  first: Answers<NonNullable<ReturnType<typeof parseDockerSample>>>;
  last: Answers<NonNullable<ReturnType<typeof parseDockerSample>>>;
}>;

async function writeLines(work: NodeWork, containers: readonly DockerContainer[], asked: Asked): Promise<void> {
  const { planned, part, collector, context, access } = work;
  const lines = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${part.segment}/docker.jsonl`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: 'normal',
  });
  const shown = (text: string | null): string | null => (text === null ? null : escapeForTerminal(text, 1024));
  const stores = await knownRuntimeStores(access);
  const inStore =
    stores === undefined
      ? null
      : new Set(stores.containers.flatMap(({ runtime, id }) => (runtime === 'docker' ? [id] : [])));
  const named = new Set(containers.map(({ id }) => id));
  try {
    for (const { id, name, image, imageId, state } of containers) {
      const sample = asked.last.byId.get(id) ?? asked.first.byId.get(id) ?? null;
      await lines.add({
        id,
        ...{ name: shown(name), image: shown(image), imageId: shown(imageId), state: shown(state) },
        daemonKnows: true,
        storeKnows: inStore?.has(id) ?? null,
        changes: asked.changes.byId.get(id) ?? null,
        sample: sample === null ? null : { ...sample, readAt: shown(sample.readAt) },
        cpuNanoCores: cpuNanoCores(asked.first.byId.get(id), asked.last.byId.get(id)),
      });
    }
    // The daemon's files name it and the daemon does not: one of them was changed behind the other's back, or it was just made.
    for (const id of [...(inStore ?? [])].filter((one) => !named.has(one)))
      await lines.add({ id, daemonKnows: false, storeKnows: true });
    await lines.commit(nodeSubject(part), asked.paths);
  } finally {
    await lines.abort();
  }
}

/**
 * Asks Docker's daemon on the node by its socket, with GET alone: what it is, its containers, what changed in each, and two samples of what
 * those that run use. Every answer is kept as it came. Throws what concerns the run.
 */
export async function readDocker(work: NodeWork): Promise<CollectResult> {
  const { vantage } = work.access.facts;
  if (vantage !== 'live-kernel')
    return { outcome: 'absent', reason: 'not-live', detail: 'No daemon runs on a disk.', proof: { vantage } };
  const body: Buffer[] = [];
  const listed = await get(work, { name: 'containers', path: '/containers/json?all=1' }, body);
  const without = withoutDaemon(listed);
  if (without !== null) return without;
  const parsed = parseDockerContainers(Buffer.concat(body));
  const containers = parsed ?? [];
  const plain: NodeStepEnd[] = [];
  for (const question of PLAIN) plain.push(await get(work, question));
  const ids = containers.map(({ id }) => id);
  const running = containers.filter(({ state }) => state === 'running').map(({ id }) => id);
  const waitSeconds = Math.min(Math.max(work.context.limits.statsSeconds ?? 0, MIN_WINDOW_SECONDS), MAX_WINDOW_SECONDS);
  const stats = { path: STATS, ids: running };
  const first = await each(work, { ...stats, name: 'stats-1', waitSeconds: 0 }, parseDockerSample);
  const changes = await each(work, { name: 'changes', path: '/changes', waitSeconds: 0, ids }, parseDockerChanges);
  const last = await each(work, { ...stats, name: 'stats-2', waitSeconds }, parseDockerSample);
  const ends = [listed, ...plain, first.end, changes.end, last.end];
  const paths = ends.flatMap(({ captured }) => captured?.path ?? []);
  await writeLines(work, containers, { paths, changes, first, last });
  const missing = ids.length - changes.byId.size + running.length - last.byId.size;
  const steps: StepResult[] = [...ends];
  if (parsed === null && listed.result.outcome === 'collected') steps.push({ step: 'containers', result: NOT_JSON });
  if (missing > 0) steps.push({ step: 'answers', result: unanswered(missing) });
  return combineResults(steps, { containers: ids.length, running: running.length, unanswered: missing });
}

const NOT_JSON: CollectResult = {
  outcome: 'partial',
  reason: 'not-json',
  detail: 'what the daemon sent is no list of containers',
  proof: {},
};

function unanswered(count: number): CollectResult {
  const detail = `${String(count)} questions about containers were not answered well: some may have ended meanwhile`;
  return { outcome: 'partial', reason: 'unanswered', detail, proof: {} };
}
