import type { CollectResult } from '../../ports/collector.js';
import { compareConnections } from '../../lib/compare-connections.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { deriveSockets, type SocketViews } from './derive-sockets.js';
import { DiagView } from './diag-view.js';
import { Namespaces } from './namespaces.js';
import { pairsFor, processesFor, type NamespaceInput } from './namespace-input.js';
import { networkFindings } from './network-findings.js';
import { Owners } from './owners.js';
import { DIAG_SCRIPT, LINKS_SCRIPT, OWNERS_SCRIPT, SOCKETS_ENTERED_SCRIPT, SOCKETS_SCRIPT } from './scripts.js';
import { SocketView } from './socket-view.js';

export const MAX_STREAM_BYTES = 512 * 1024 * 1024;
/** A process may end before its namespace is read; then another way to the same one is taken. */
const MAX_ROUNDS = 3;

/** Linux runs on big-endian machines of one kind that Kubernetes knows. */
const isLittleEndian = (machine: string | null): boolean => machine !== 's390x';

/** Reads where each process is and what it has open. */
export async function readNamespaces(
  work: NodeWork,
  file: string,
): Promise<{ end: NodeStepEnd; namespaces: Namespaces }> {
  const namespaces = new Namespaces();
  const end = await runNodeStep(work, {
    step: 'namespaces',
    file,
    command: { script: LINKS_SCRIPT, maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      namespaces.feed(bytes);
    },
  });
  return { end, namespaces };
}

async function readView(
  work: NodeWork,
  namespaces: Namespaces,
  name: string,
): Promise<{ ends: NodeStepEnd[]; view: SocketView }> {
  const view = new SocketView(isLittleEndian(work.access.facts.machine));
  const ends: NodeStepEnd[] = [];
  const pass = async (step: string, script: string, { stdin, handles }: NamespaceInput): Promise<void> => {
    if (stdin.length === 0) return;
    view.begin(handles);
    const command = { script, stdin, maxBytes: MAX_STREAM_BYTES };
    ends.push(
      await runNodeStep(work, {
        step,
        file: `${step}.grep`,
        command,
        watch: (bytes) => {
          view.feed(bytes);
        },
      }),
    );
  };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { processes, entered } = processesFor(namespaces, round, view.read);
    const suffix = round === 0 ? '' : `-${String(round + 1)}`;
    await pass(`${name}${suffix}`, SOCKETS_SCRIPT, processes);
    await pass(`${name}-entered${suffix}`, SOCKETS_ENTERED_SCRIPT, entered);
  }
  return { ends, view };
}

async function readDiag(
  work: NodeWork,
  namespaces: Namespaces,
): Promise<{ steps: StepResult[]; ends: NodeStepEnd[]; diag: DiagView }> {
  const { stdin, handles } = pairsFor(namespaces);
  const diag = new DiagView(handles);
  const { tools } = work.access.facts;
  if (tools['ss'] === undefined || tools['nsenter'] === undefined) {
    const detail = 'ss and nsenter are needed to compare with what the kernel says over netlink';
    const result = { outcome: 'partial' as const, reason: 'tool-missing', detail, proof: {} };
    return { steps: [{ step: 'netlink', result }], ends: [], diag };
  }
  const end = await runNodeStep(work, {
    step: 'netlink',
    file: 'ss.grep',
    command: { script: DIAG_SCRIPT, stdin, maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      diag.feed(bytes);
    },
  });
  const unread = [...namespaces.byInode.keys()].filter((inode) => !diag.read.has(inode));
  if (end.result.outcome !== 'collected' || unread.length === 0) return { steps: [end], ends: [end], diag };
  const detail = `${String(unread.length)} namespaces could not be entered: ${unread.slice(0, 10).join(', ')}`;
  const result = { outcome: 'partial' as const, reason: 'not-entered', detail, proof: {} };
  return { steps: [end, { step: 'netlink', result }], ends: [end], diag };
}

function shortcomings({ namespaces, before }: SocketViews): StepResult[] {
  const gap = (reason: string, detail: string): StepResult => ({
    step: 'sockets',
    result: { outcome: 'partial', reason, detail, proof: {} },
  });
  const lost = [...namespaces.byInode.keys()].filter((inode) => !before.read.has(inode));
  const gaps: StepResult[] = [];
  if (lost.length > 0) {
    const shown = lost.slice(0, 10).join(', ');
    gaps.push(gap('vanished', `${String(lost.length)} namespaces ended or could not be entered: ${shown}`));
  }
  if (before.isFull || namespaces.isFull)
    gaps.push(gap('limit', 'there are more than are derived; the raw streams have all'));
  return gaps;
}

/** The sockets of every network namespace, twice, with the view over netlink and the owners in between. */
export async function readSockets(work: NodeWork): Promise<CollectResult> {
  const { end: links, namespaces } = await readNamespaces(work, 'namespaces.find');
  const first = await readView(work, namespaces, 'sockets');
  const owners = new Owners();
  const holders = new Namespaces();
  const between = [
    await runNodeStep(work, {
      step: 'owners',
      file: 'owners.grep',
      command: { script: OWNERS_SCRIPT, maxBytes: MAX_STREAM_BYTES },
      watch: (bytes) => {
        owners.feed(bytes);
      },
    }),
    await runNodeStep(work, {
      step: 'holders',
      file: 'holders.find',
      command: { script: LINKS_SCRIPT, maxBytes: MAX_STREAM_BYTES },
      watch: (bytes) => {
        holders.feed(bytes);
      },
    }),
  ];
  owners.end();
  const netlink = await readDiag(work, namespaces);
  const second = await readView(work, namespaces, 'sockets-after');
  const views: SocketViews = {
    namespaces,
    holders: new Map([...namespaces.holders, ...holders.holders]),
    owners,
    before: first.view,
    after: second.view,
    diag: netlink.diag,
  };
  const findings = networkFindings({ before: first.view, after: second.view }, netlink.diag, views.holders);
  const ends = [links, ...first.ends, ...between, ...netlink.ends, ...second.ends];
  const derivedFrom = ends.flatMap(({ captured }) => captured?.path ?? []);
  const listening = await deriveSockets(work, { views, findings, derivedFrom });
  const { opened, closed, changed } = compareConnections(first.view.inet, second.view.inet);
  const steps = [links, ...first.ends, ...between, ...netlink.steps, ...second.ends, ...shortcomings(views)];
  return combineResults(steps, {
    namespaces: namespaces.byInode.size,
    read: first.view.read.size,
    sockets: first.view.inet.length,
    unixSockets: first.view.unix.length,
    listening,
    findings: findings.length,
    openedMeanwhile: opened.length,
    closedMeanwhile: closed.length,
    changedMeanwhile: changed.length,
  });
}
