import { arrayAt, booleanAt, integerAt, stringAt, valueAt } from '../../lib/untyped.js';

/** Pods, and ports of all of them, that are remembered. */
const MAX_PODS = 200_000;
const MAX_ENDPOINTS = 500_000;
const KINDS_OF_CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'] as const;
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
/** By which the kubelet names a static pod: the MD5 of its manifest. A pod of the API server has a UUID. */
const MANIFEST_HASH = /^[0-9a-f]{32}$/;
const PROTOCOLS = new Set(['TCP', 'UDP']);

/** Where a Service says that a pod listens. Names are the API server's, and untrusted. */
export interface ServedPort {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly service: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

export interface DeclaredPod {
  readonly namespace: string;
  readonly name: string;
  /** `TCP 80`: container ports, host ports and probes. */
  readonly ports: ReadonlySet<string>;
}

export const portKey = (protocol: string, port: number): string => `${protocol} ${String(port)}`;

function addPort(ports: Set<string>, protocol: string, port: number | undefined): void {
  if (port !== undefined && port > 0) ports.add(portKey(protocol, port));
}

function portsOfContainer(container: unknown, ports: Set<string>): void {
  for (const port of arrayAt(container, 'ports')) {
    const protocol = stringAt(port, 'protocol') ?? 'TCP';
    addPort(ports, protocol, integerAt(port, 'containerPort'));
    addPort(ports, protocol, integerAt(port, 'hostPort'));
  }
  for (const probe of PROBES)
    for (const kind of ['httpGet', 'tcpSocket', 'grpc'])
      addPort(ports, 'TCP', integerAt(container, probe, kind, 'port'));
}

/** What the objects of the cluster say that somebody listens on. Fed from the raw lists of one archive. */
export class DeclaredPorts {
  readonly pods = new Map<string, DeclaredPod>();
  readonly served: ServedPort[] = [];
  /** Of Services, on every node. */
  readonly nodePorts = new Set<string>();
  isCut = false;
  readonly #served = new Set<string>();
  /** The pod's UID by what the kubelet calls a static pod; `null` = several pods claim it. */
  readonly #mirrors = new Map<string, string | null>();

  /**
   * The pod's UID by that under which the node knows it: for a static pod the digest of its manifest. Whoever may create a pod writes its
   * annotations, so that none takes what is another pod's, and of two that claim one digest neither has it.
   */
  uidOf(nodeUid: string): string {
    if (this.pods.has(nodeUid)) return nodeUid;
    return this.#mirrors.get(nodeUid) ?? nodeUid;
  }

  takePod(pod: unknown): void {
    const uid = stringAt(pod, 'metadata', 'uid');
    if (uid === undefined) return;
    if (this.pods.size >= MAX_PODS) {
      this.isCut = true;
      return;
    }
    const ports = new Set<string>();
    for (const kind of KINDS_OF_CONTAINERS)
      for (const container of arrayAt(pod, 'spec', kind)) portsOfContainer(container, ports);
    const [namespace = '', name = ''] = [stringAt(pod, 'metadata', 'namespace'), stringAt(pod, 'metadata', 'name')];
    this.pods.set(uid, { namespace, name, ports });
    const mirror = stringAt(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror');
    if (mirror === undefined || !MANIFEST_HASH.test(mirror)) return;
    const claimed = this.#mirrors.get(mirror);
    this.#mirrors.set(mirror, claimed === undefined || claimed === uid ? uid : null);
  }

  takeService(service: unknown): void {
    for (const port of arrayAt(service, 'spec', 'ports'))
      addPort(this.nodePorts, stringAt(port, 'protocol') ?? 'TCP', integerAt(port, 'nodePort'));
    addPort(this.nodePorts, 'TCP', integerAt(service, 'spec', 'healthCheckNodePort'));
  }

  takeEndpointSlice(slice: unknown): void {
    const namespace = stringAt(slice, 'metadata', 'namespace') ?? '';
    const labels = valueAt(slice, 'metadata', 'labels');
    const service = stringAt(labels, 'kubernetes.io/service-name') ?? stringAt(slice, 'metadata', 'name') ?? '';
    for (const endpoint of arrayAt(slice, 'endpoints')) {
      const podUid = stringAt(endpoint, 'targetRef', 'uid');
      if (podUid === undefined || stringAt(endpoint, 'targetRef', 'kind') !== 'Pod') continue;
      // One that is not ready need not listen yet, and one that ends no more.
      if (booleanAt(endpoint, 'conditions', 'ready') === false) continue;
      const pod = stringAt(endpoint, 'targetRef', 'name') ?? '';
      for (const port of arrayAt(slice, 'ports')) this.#addServed({ podUid, namespace, pod, service }, port);
    }
  }

  /** Whether the pod declares the port, or a Service sends there. */
  isNamed(podUid: string, key: string): boolean {
    return this.pods.get(podUid)?.ports.has(key) === true || this.#served.has(`${podUid} ${key}`);
  }

  #addServed(of: Pick<ServedPort, 'podUid' | 'namespace' | 'pod' | 'service'>, value: unknown): void {
    const protocol = stringAt(value, 'protocol') ?? 'TCP';
    const port = integerAt(value, 'port');
    if (port === undefined || !PROTOCOLS.has(protocol)) return;
    if (this.served.length >= MAX_ENDPOINTS) {
      this.isCut = true;
      return;
    }
    this.#served.add(`${of.podUid} ${portKey(protocol, port)}`);
    this.served.push({ ...of, protocol: protocol === 'UDP' ? 'UDP' : 'TCP', port });
  }
}
