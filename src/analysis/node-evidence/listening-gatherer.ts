import { arrayAt, booleanAt, integerAt, stringAt, stringsAt } from '../../lib/untyped.js';
import type { ByteTaker } from './byte-taker.js';
import { DeclaredPorts, portKey } from './declared-ports.js';
import { FirstFew } from './first-few.js';
import { jsonPage } from './json-page.js';
import type { DeafService, ListeningComparison, UndeclaredListener } from './node-evidence.js';

const MAX_SOCKETS = 300_000;
const MAX_SHOWN = 50;
const PAGE =
  /^data\/cluster\/lists\/(core\.v1\.pods|core\.v1\.services|discovery\.k8s\.io\.v1\.endpointslices)\/(?:[^/]+\/)?page-\d+(?:\.r\d)?\.json$/;
/** The kubelet's and kube-proxy's own, by their documented defaults, SSH, and those of a control plane and its etcd. */
const USUAL_ON_A_NODE = new Set(
  [22, 2379, 2380, 2381, 6443, 10_248, 10_249, 10_250, 10_255, 10_256, 10_257, 10_259].map((port) =>
    portKey('TCP', port),
  ),
);
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const ORDER: readonly UndeclaredListener['rule'][] = [
  'listening-in-unknown-pod',
  'listening-not-declared',
  'listening-on-node',
];

interface Listener {
  readonly node: string;
  readonly namespace: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly podUid: string | null;
  readonly process: string | null;
}

interface NodeListeners {
  readonly kept: Listener[];
  leftOut: number;
}

interface ReadNamespace {
  readonly isHost: boolean;
  readonly podUids: readonly string[];
}

/** Holds what listens on the nodes against what pods, Services and their endpoints declare, all from one archive. */
export class ListeningGatherer {
  readonly declared = new DeclaredPorts();
  readonly #listeners = new Map<string, NodeListeners>();
  readonly #namespaces = new Map<string, Map<string, ReadNamespace>>();
  #kept = 0;
  #unreadPages = 0;
  #hasPods = false;
  readonly #maxSockets: number;

  constructor(maxSockets = MAX_SOCKETS) {
    this.#maxSockets = maxSockets;
  }

  /** What takes the bytes of a page of a list; `null` = it says nothing of ports. */
  pageTaker(path: string): ByteTaker | null {
    const [, list] = PAGE.exec(path) ?? [];
    if (list === undefined) return null;
    const unread = (): void => {
      this.#unreadPages += 1;
    };
    const { declared } = this;
    if (list === 'core.v1.services')
      return jsonPage((object) => {
        declared.takeService(object);
      }, unread);
    if (list !== 'core.v1.pods')
      return jsonPage((object) => {
        declared.takeEndpointSlice(object);
      }, unread);
    this.#hasPods = true;
    return jsonPage((object) => {
      declared.takePod(object);
    }, unread);
  }

  /** What takes the lines of `connections`; a file that was read again replaces the one before. */
  connectionTaker(node: string): (value: unknown) => boolean {
    const listeners: NodeListeners = { kept: [], leftOut: 0 };
    this.#kept -= this.#listeners.get(node)?.kept.length ?? 0;
    this.#listeners.set(node, listeners);
    return (value) => {
      const listener = listenerOf(node, value);
      if (listener === null) return true;
      if (this.#kept >= this.#maxSockets) {
        listeners.leftOut += 1;
        return true;
      }
      this.#kept += 1;
      listeners.kept.push(listener);
      return true;
    };
  }

  /** What takes the lines of `network-namespaces`. */
  namespaceTaker(node: string): (value: unknown) => boolean {
    const namespaces = new Map<string, ReadNamespace>();
    this.#namespaces.set(node, namespaces);
    return (value) => {
      const namespace = stringAt(value, 'namespace');
      if (namespace === undefined) return false;
      if (stringAt(value, 'outcome') === 'failed') return true;
      namespaces.set(namespace, {
        isHost: booleanAt(value, 'host') === true,
        podUids: stringsAt(value, 'pods').map((uid) => this.declared.uidOf(uid)),
      });
      return true;
    };
  }

  /** `null` = the archive has no sockets, or no pods to compare them with. */
  summary(): ListeningComparison | null {
    if (!this.#hasPods || this.#namespaces.size === 0) return null;
    const undeclared = new FirstFew<UndeclaredListener>(
      MAX_SHOWN,
      (one, other) => ORDER.indexOf(one.rule) - ORDER.indexOf(other.rule),
    );
    const open = new Set<string>();
    let compared = 0;
    let notCompared = 0;
    for (const { kept, leftOut } of this.#listeners.values()) notCompared += leftOut + this.#notRead(kept);
    for (const listener of [...this.#listeners.values()].flatMap(({ kept }) => kept)) {
      const namespace = this.#namespaceOf(listener);
      if (namespace === undefined || LOOPBACK.test(listener.address)) continue;
      const key = portKey(listener.protocol, listener.port);
      for (const uid of namespace.podUids) open.add(`${uid} ${key}`);
      if (listener.protocol !== 'TCP') continue;
      compared += 1;
      const found = this.#judge(listener, namespace);
      if (found !== null) undeclared.add(found);
    }
    const deaf = this.#deafServices(open);
    return {
      compared,
      undeclared: undeclared.items,
      undeclaredTotal: undeclared.total,
      deaf: deaf.items,
      deafTotal: deaf.total,
      isCut: this.declared.isCut || notCompared > 0 || this.#unreadPages > 0,
    };
  }

  #namespaceOf({ node, namespace }: Listener): ReadNamespace | undefined {
    return this.#namespaces.get(node)?.get(namespace);
  }

  /** How many are of a namespace that could not be read: whose they are nobody knows. */
  #notRead(listeners: readonly Listener[]): number {
    return listeners.filter((one) => !LOOPBACK.test(one.address) && this.#namespaceOf(one) === undefined).length;
  }

  #ownerOf({ podUid }: Listener): readonly string[] {
    return podUid === null ? [] : [this.declared.uidOf(podUid)];
  }

  #judge(listener: Listener, { podUids, isHost }: ReadNamespace): UndeclaredListener | null {
    const key = portKey(listener.protocol, listener.port);
    const found = (rule: UndeclaredListener['rule'], podUid: string | null): UndeclaredListener => {
      const { node, address, port, process } = listener;
      const pod = podUid === null ? undefined : this.declared.pods.get(podUid);
      const of = { namespace: pod?.namespace ?? null, pod: pod?.name ?? null, podUid };
      return { rule, node, address, port, process, ...of };
    };
    if (isHost && (USUAL_ON_A_NODE.has(key) || this.declared.nodePorts.has(key))) return null;
    // In a pod's namespace whoever listens is reached by the pod's address, whichever process it is.
    const uids = isHost ? this.#ownerOf(listener) : podUids;
    if (uids.length === 0) return found(isHost ? 'listening-on-node' : 'listening-in-unknown-pod', null);
    const known = uids.filter((uid) => this.declared.pods.has(uid));
    if (known.length === 0) return found('listening-in-unknown-pod', uids[0] ?? null);
    const isNamed = known.some((uid) => this.declared.isNamed(uid, key));
    return isNamed ? null : found('listening-not-declared', known[0] ?? null);
  }

  /** Endpoints of Services whose pod's namespace was read, and in which nothing listens on that port, the loopback aside. */
  #deafServices(open: ReadonlySet<string>): FirstFew<DeafService> {
    const read = new Map<string, string>();
    for (const [node, namespaces] of this.#namespaces)
      for (const { podUids } of namespaces.values()) for (const uid of podUids) read.set(uid, node);
    const deaf = new FirstFew<DeafService>(MAX_SHOWN);
    for (const { podUid, namespace, service, pod, protocol, port } of this.declared.served) {
      const node = read.get(podUid);
      if (node === undefined || open.has(`${podUid} ${portKey(protocol, port)}`)) continue;
      deaf.add({ namespace, service, pod, podUid, node, protocol, port });
    }
    return deaf;
  }
}

function listenerOf(node: string, value: unknown): Listener | null {
  const [protocol = '', state, namespace = ''] = [
    stringAt(value, 'protocol'),
    stringAt(value, 'state'),
    stringAt(value, 'namespace'),
  ];
  const isTcp = protocol.startsWith('tcp') && state === 'listen';
  // UDP does not listen: a socket that is bound and has no peer takes what comes.
  const isUdp = /^udp6?$/.test(protocol) && state === 'close';
  const port = integerAt(value, 'local', 'port');
  if (!(isTcp || isUdp) || port === undefined) return null;
  const owners = arrayAt(value, 'owners');
  return {
    node,
    namespace,
    protocol: isTcp ? 'TCP' : 'UDP',
    address: stringAt(value, 'local', 'address') ?? '',
    port,
    podUid: owners.map((owner) => stringAt(owner, 'podUid')).find((uid) => uid !== undefined) ?? null,
    process: stringAt(owners[0], 'comm', 'display') ?? null,
  };
}
