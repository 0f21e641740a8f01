import { deriveNodeLines } from '../derive-node-lines.js';
import type { NodeWork } from '../node-step.js';
import { rawText } from '../raw-text.js';
import type { DiagView } from './diag-view.js';
import type { Namespace, Namespaces, SocketHolder } from './namespaces.js';
import type { NetworkFinding } from './network-findings.js';
import type { Owners } from './owners.js';
import type { SocketView } from './socket-view.js';

const MAX_PIDS = 200;
const MAX_PODS = 50;

/** Everything that was seen of the sockets of a node. */
export interface SocketViews {
  readonly namespaces: Namespaces;
  readonly holders: ReadonlyMap<string, readonly SocketHolder[]>;
  readonly owners: Owners;
  readonly before: SocketView;
  readonly after: SocketView;
  readonly diag: DiagView;
}

export interface SocketDerivation {
  readonly views: SocketViews;
  readonly findings: readonly NetworkFinding[];
  readonly derivedFrom: readonly string[];
}

function ownersOf({ owners, holders }: SocketViews, inode: string): object[] {
  return (holders.get(inode) ?? []).map(({ pid, fd }) => {
    const owner = owners.byPid.get(pid);
    return {
      pid,
      fd,
      comm: owner === undefined ? null : rawText(owner.comm, 64),
      podUid: owner?.cgroup.podUid ?? null,
      containerId: owner?.cgroup.containerId ?? null,
    };
  });
}

function podsOf({ owners }: SocketViews, { pids }: Namespace): string[] {
  return [...new Set(pids.flatMap((pid) => owners.byPid.get(pid)?.cgroup.podUid ?? []))].toSorted();
}

function namespaceLine(views: SocketViews, namespace: Namespace): object {
  const { inode, pids, otherHandles } = namespace;
  const counts = new Map<string, number>();
  for (const entry of views.before.inet)
    if (entry.namespace === inode) counts.set(entry.protocol, (counts.get(entry.protocol) ?? 0) + 1);
  const isRead = views.before.read.has(inode);
  return {
    namespace: inode,
    host: views.namespaces.namespaceOf.get(1) === inode,
    processes: pids.length,
    pids: pids.slice(0, MAX_PIDS),
    otherHandles: otherHandles.map((handle) => rawText(handle, 512)),
    pods: podsOf(views, namespace).slice(0, MAX_PODS),
    outcome: isRead ? (counts.size === 0 ? 'empty' : 'collected') : 'failed',
    reason: isRead ? 'complete' : 'vanished',
    readAgain: views.after.read.has(inode),
    comparedWithNetlink: views.diag.read.has(inode),
    sockets: Object.fromEntries([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** One line per connection in the form that two lists are compared in: see `compareConnections`. */
function* connectionLines(views: SocketViews): Generator<object> {
  for (const entry of views.before.inet) {
    const { namespace, protocol, local, remote, state, inode, ...rest } = entry;
    yield { namespace, protocol, local, remote, state, inode, ...rest, owners: ownersOf(views, inode) };
  }
}

function* unixLines(views: SocketViews): Generator<object> {
  for (const { namespace, type, listening, inode, path } of views.before.unix) {
    if (path.length === 0 && !listening) continue;
    yield { namespace, type, listening, inode, path: rawText(path, 256), owners: ownersOf(views, inode) };
  }
}

function* namespaceLines(views: SocketViews): Generator<object> {
  for (const namespace of views.namespaces.byInode.values()) yield namespaceLine(views, namespace);
}

/** Writes namespaces, connections, named Unix sockets and findings. Returns how many sockets listen. */
export async function deriveSockets(
  work: NodeWork,
  { views, findings, derivedFrom }: SocketDerivation,
): Promise<number> {
  await deriveNodeLines(work, { name: 'network-namespaces', lines: namespaceLines(views), derivedFrom });
  await deriveNodeLines(work, { name: 'connections', lines: connectionLines(views), derivedFrom });
  await deriveNodeLines(work, { name: 'unix-sockets', lines: unixLines(views), derivedFrom });
  await deriveNodeLines(work, { name: 'network-findings', lines: findings, derivedFrom });
  return views.before.inet.filter(({ state }) => state === 'listen').length;
}
