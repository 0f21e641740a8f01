import type {
  ContainerChange,
  DockerEvidence,
  DockerUse,
  NodeEvidence,
  NodeEvidenceSummary,
} from '../analysis/node-evidence/node-evidence.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { listeningLines, logLines } from './present-node-comparisons.js';

const SHOWN_NODES = 20;
const SHOWN_CONTAINERS = 20;
const MAX_LINE = 300;

const plural = (count: number, one: string, many: string): string => `${String(count)} ${count === 1 ? one : many}`;
const pathOf = (pathB64: string): string => Buffer.from(pathB64, 'base64').toString('latin1');

/** `2.50` of `2500000000` billionths of a core, rounded down. */
function coresOf(nanoCores: string): string {
  const hundredths = BigInt(nanoCores) / 10_000_000n;
  return `${(hundredths / 100n).toString()}.${(hundredths % 100n).toString().padStart(2, '0')}`;
}

function wayLine({ way, vantage, degraded }: NodeEvidence): string {
  if (way === null) return 'no script ran there';
  const limits = degraded.length === 0 ? '' : `; cannot see: ${degraded.join(', ')}`;
  return `by ${way} (${vantage ?? 'vantage not stated'})${limits}`;
}

function dockerLine({ id, name, image, state, cpuNanoCores, memoryBytes, changes }: DockerUse): string {
  const facts = [
    state ?? 'state not said',
    ...(cpuNanoCores === null ? [] : [`${coresOf(cpuNanoCores)} cores`]),
    ...(memoryBytes === null ? [] : [`${(BigInt(memoryBytes) / 1_048_576n).toString()} MiB`]),
    ...(changes === null
      ? []
      : [`paths ${changes.modified} modified, ${changes.added} added, ${changes.deleted} deleted`]),
  ];
  return `    ${name ?? id.slice(0, 12)} (${image ?? 'image not said'}): ${facts.join('; ')}`;
}

function* dockerLines(docker: DockerEvidence | null): Generator<string> {
  if (docker === null) return;
  const { containersTotal, running, containers } = docker;
  yield `  Docker says: ${plural(containersTotal, 'container', 'containers')}, ${String(running)} running`;
  for (const container of containers) yield dockerLine(container);
  const more = containersTotal - containers.length;
  if (more > 0) yield `    and ${String(more)} more`;
}

function* nodeLines(node: NodeEvidence): Generator<string> {
  yield `${node.node}: ${wayLine(node)}`;
  for (const { rung, reason } of node.refusals) yield `  refused before: ${rung}: ${reason}`;
  const { processes, listening } = node;
  if (processes !== null) {
    const { total, deletedExecutables, memoryExecutables } = processes;
    yield `  ${plural(total, 'process', 'processes')}, ${String(deletedExecutables)} of a deleted executable, ${String(memoryExecutables)} from memory`;
  }
  if (listening !== null) yield `  ${plural(listening, 'listening socket', 'listening sockets')}`;
  for (const { namespace, pod, container, measured, cpuNanoCoresMin, cpuNanoCoresMax } of node.busiest)
    yield `  never below ${coresOf(cpuNanoCoresMin)} cores, at most ${cpuNanoCoresMax === null ? 'unknown' : coresOf(cpuNanoCoresMax)}, in ${String(measured)} measurements: ${namespace}/${pod}/${container}`;
  yield* dockerLines(node.docker);
  for (const { rule, verdict, subject } of node.mismatches)
    yield `  views differ: ${rule}: ${subject}${verdict === 'race' ? ' (may have begun or ended meanwhile)' : ''}`;
  const more = node.mismatchesTotal - node.mismatches.length;
  if (more > 0) yield `  and ${String(more)} more in which views differ`;
}

function containerLine({ namespace, pod, container, entries }: ContainerChange): string {
  const counts = entries.map((one) => `${one.class} ${String(one.count)}`).join(', ');
  return `  ${namespace}/${pod}/${container}: ${counts === '' ? 'as its image' : counts}`;
}

function* changeLines({ containers, containersTotal, changes, changesTotal }: NodeEvidenceSummary): Generator<string> {
  if (containersTotal === 0) return;
  yield `Container diffs: ${plural(containersTotal, 'container', 'containers')}; exhibit diff ARCHIVE judges them`;
  for (const container of containers.slice(0, SHOWN_CONTAINERS)) yield containerLine(container);
  if (containersTotal > SHOWN_CONTAINERS) yield `  and ${String(containersTotal - SHOWN_CONTAINERS)} more`;
  for (const { container, severity, driftClass, rule, pathB64 } of changes)
    yield `  ${severity}: ${driftClass} ${rule}: ${pathOf(pathB64)} in ${container}`;
  const more = changesTotal - changes.length;
  if (more > 0) yield `  and ${String(more)} more that matter`;
}

/** How the nodes were reached and what stands out there; `null` = it was not read. Empty where the archive has nothing of a node. */
export function presentNodeEvidence(summary: NodeEvidenceSummary | null): string {
  if (summary === null) return 'Node evidence: not read from an encrypted archive; see exhibit decrypt';
  const { listening, logs } = summary;
  if (summary.nodesTotal === 0 && summary.containersTotal === 0 && logs === null) return '';
  const shown = summary.nodes.slice(0, SHOWN_NODES);
  const hidden = summary.nodesTotal - shown.length;
  const lines = [
    "Node evidence, by the nodes' own word:",
    ...shown.flatMap((node) => [...nodeLines(node)]),
    ...(hidden > 0 ? [`and ${plural(hidden, 'more node', 'more nodes')}; --json has up to 500`] : []),
    ...listeningLines(listening),
    ...logLines(logs),
    ...changeLines(summary),
    ...(summary.unreadable > 0
      ? [`${plural(summary.unreadable, 'derived line', 'derived lines')} could not be read`]
      : []),
  ];
  return lines.map((line) => escapeForTerminal(line, MAX_LINE)).join('\n');
}
