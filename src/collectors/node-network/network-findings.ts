import type { DiagView } from './diag-view.js';
import type { InetEntry, SocketView } from './socket-view.js';

/** What one view of the kernel knows and another does not. */
export interface NetworkFinding {
  readonly finding: 'socket-only-in-proc' | 'socket-only-in-netlink' | 'listening-without-process';
  readonly namespace: string;
  readonly inode: string;
  readonly protocol: string;
  readonly state: string;
  readonly local: InetEntry['local'] | null;
}

const MAX_FINDINGS = 10_000;
/** Both views are asked for these, and they last. */
const COMPARED = new Set(['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6']);
const LASTING = new Set(['listen', 'established', 'close']);
const DIAG_LASTING = new Set(['LISTEN', 'ESTAB', 'UNCONN']);
const DIAG_COMPARED = new Set(['tcp', 'udp', 'raw']);

const keyOf = ({ namespace, inode }: { readonly namespace: string; readonly inode: string }): string =>
  `${namespace} ${inode}`;

function onlyInProc(before: SocketView, after: SocketView, diag: DiagView): NetworkFinding[] {
  const inDiag = new Set(diag.sockets.map(keyOf));
  const still = new Set(after.inet.map(keyOf));
  return before.inet
    .filter((entry) => COMPARED.has(entry.protocol) && LASTING.has(entry.state) && entry.inode !== '0')
    .filter((entry) => diag.read.has(entry.namespace) && still.has(keyOf(entry)) && !inDiag.has(keyOf(entry)))
    .map((entry) => findingOf('socket-only-in-proc', entry));
}

function onlyInNetlink(before: SocketView, after: SocketView, diag: DiagView): NetworkFinding[] {
  const inProc = new Set([...before.inet, ...after.inet].map(keyOf));
  const wasRead = (namespace: string): boolean => before.read.has(namespace) && after.read.has(namespace);
  return diag.sockets
    .filter(({ netid, state, inode }) => DIAG_COMPARED.has(netid) && DIAG_LASTING.has(state) && inode !== '0')
    .filter((socket) => wasRead(socket.namespace) && !inProc.has(keyOf(socket)))
    .map(({ namespace, netid, state, inode }) => ({
      finding: 'socket-only-in-netlink',
      namespace,
      inode,
      protocol: netid,
      state: state.toLowerCase(),
      local: null,
    }));
}

function findingOf(finding: NetworkFinding['finding'], entry: InetEntry): NetworkFinding {
  const { namespace, inode, protocol, state, local } = entry;
  return { finding, namespace, inode, protocol, state, local };
}

/**
 * `before` and `after` frame the view over netlink, so that what came or went meanwhile is no finding. A listening socket that no process
 * has open is the kernel's own (NFS, WireGuard), or its process is hidden; it must be in both lists, and `holders` is read between them.
 */
export function networkFindings(
  { before, after }: { readonly before: SocketView; readonly after: SocketView },
  diag: DiagView,
  holders: ReadonlyMap<string, unknown>,
): readonly NetworkFinding[] {
  const still = new Set(after.inet.map(keyOf));
  const orphans = before.inet
    .filter(({ state, inode }) => state === 'listen' && !holders.has(inode))
    .filter((entry) => still.has(keyOf(entry)))
    .map((entry) => findingOf('listening-without-process', entry));
  return [...onlyInProc(before, after, diag), ...onlyInNetlink(before, after, diag), ...orphans].slice(0, MAX_FINDINGS);
}
