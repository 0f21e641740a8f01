import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AuthorityLimits } from '../../model/case.js';
import { storageError } from '../../custody/storage-error.js';
import { ExhibitError } from '../../model/errors.js';
import { apiResourceSchema, nodeTargetSchema, podTargetSchema } from '../../model/target.js';
import type { NodeTarget, PodTarget } from '../../model/target.js';
import { readLines } from '../../lib/read-lines.js';
import { parseJson, stringAt } from '../../lib/untyped.js';
import type { ClusterReader, ListEnd } from '../../ports/cluster-reader.js';
import type { Collector, Targets } from '../../ports/collector.js';
import { discoverResources } from './discover-resources.js';
import { parseNode, parsePod } from './parse-pod.js';
import type { ScopeRequest } from './scope-request.js';

/** The targets of a run as they stand in its directory; pods are in a file beside. */
export const frozenTargetsSchema = z.strictObject({
  clusterUid: z.string().nullable(),
  nodes: z.array(nodeTargetSchema),
  namespaces: z.union([z.literal('all'), z.array(z.string())]),
  resources: z.array(apiResourceSchema),
  unreachableGroups: z.array(z.strictObject({ group: z.string(), reason: z.string() })),
  pods: z.int().min(0),
  /** Derived pods and namespaces that the authority's limits keep out. */
  excludedByAuthority: z.int().min(0),
  /** Why a part of the cluster could not be enumerated; each is a gap in what was planned. */
  incomplete: z.array(z.string()),
});
export type FrozenTargets = z.infer<typeof frozenTargetsSchema>;

const PODS_FILE = 'pods.jsonl';
const DERIVED_MAY_FAIL: ReadonlySet<string> = new Set(['TARGET_GONE', 'CLUSTER_FORBIDDEN', 'CLUSTER_PROTOCOL']);
const SYSTEM_NAMESPACE = 'kube-system';

export interface FreezeOptions {
  readonly scope: ScopeRequest;
  readonly limits: AuthorityLimits;
  readonly collectors: readonly Pick<Collector, 'needs'>[];
  readonly cluster: ClusterReader;
  readonly signal: AbortSignal;
  /** Where the pods are kept. */
  readonly directory: string;
}

/** Resolves selectors to UIDs once. Throws `TARGET_GONE` for a node or pod that does not exist. */
export async function freezeTargets(options: FreezeOptions): Promise<FrozenTargets> {
  const path = join(options.directory, PODS_FILE);
  const file = await open(path, 'w', 0o600).catch((error: unknown) => {
    throw storageError(error, path);
  });
  try {
    const frozen = await new Freezer(options, file).run();
    await file.sync().catch((error: unknown) => {
      throw storageError(error, path);
    });
    return frozen;
  } finally {
    await file.close();
  }
}

class Freezer {
  readonly #options: FreezeOptions;
  readonly #file: FileHandle;
  readonly #nodes = new Map<string, NodeTarget>();
  readonly #namespaces = new Set<string>();
  readonly #written = new Set<string>();
  readonly #incomplete: string[] = [];
  #unwritten = '';
  #pods = 0;
  #unusable = 0;
  #excluded = 0;

  constructor(options: FreezeOptions, file: FileHandle) {
    this.#options = options;
    this.#file = file;
  }

  async run(): Promise<FrozenTargets> {
    const { scope, collectors, cluster, signal, limits } = this.#options;
    const clusterUid = await readClusterUid(cluster, signal);
    const needs = new Set(collectors.flatMap((collector) => collector.needs));
    await this.#namedNamespaces();
    await this.#namedPods();
    await this.#namedNodes();
    if (needs.has('pods') || this.#nodes.size > 0) await this.#podsInScope(needs.has('pods'));
    if (scope.all && needs.has('nodes')) await this.#allNodes();
    const discovery = needs.has('resources')
      ? await discoverResources(cluster, signal)
      : { resources: [], unreachableGroups: [] };
    if (limits.namespaces === undefined || limits.namespaces.includes(SYSTEM_NAMESPACE))
      this.#namespaces.add(SYSTEM_NAMESPACE);
    return {
      clusterUid,
      nodes: [...this.#nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      namespaces: scope.all ? 'all' : [...this.#namespaces].sort(),
      resources: [...discovery.resources],
      unreachableGroups: [...discovery.unreachableGroups],
      pods: this.#pods,
      excludedByAuthority: this.#excluded,
      incomplete: this.#incomplete,
    };
  }

  /** A namespace that does not exist has empty lists of everything: only asking for it by name tells. */
  async #namedNamespaces(): Promise<void> {
    const { scope, cluster, signal } = this.#options;
    for (const name of scope.namespaces) {
      const path = `/api/v1/namespaces/${encodeURIComponent(name)}`;
      const answer = await cluster.get({ path, kind: 'small', signal });
      if (answer.status === 404) {
        throw new ExhibitError('TARGET_GONE', `namespace ${name} does not exist`, {
          subject: `namespace ${name}`,
          hints: ['kubectl get namespaces'],
        });
      }
      if (answer.status !== 200) {
        this.#incomplete.push(`whether a namespace that was named exists is unknown: status ${String(answer.status)}`);
      }
      this.#namespaces.add(name);
    }
  }

  async #namedPods(): Promise<void> {
    for (const named of this.#options.scope.pods) {
      const [namespace = '', name = ''] = named.split('/');
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
      const pod = parsePod(await this.#object(path, `pod ${named}`));
      if (pod === null) throw new ExhibitError('CLUSTER_PROTOCOL', `the server's answer for pod ${named} is no pod`);
      this.#keepPod(pod);
      await this.#flush();
      this.#namespaces.add(pod.namespace);
      if (pod.node !== '') await this.#namedNode(pod.node, true);
    }
  }

  async #namedNodes(): Promise<void> {
    for (const name of this.#options.scope.nodes) await this.#namedNode(name, false);
  }

  async #namedNode(name: string, derived: boolean): Promise<void> {
    const { limits } = this.#options;
    if (derived && limits.nodes?.includes(name) === false) {
      this.#excluded += 1;
      return;
    }
    const node = parseNode(await this.#nodeObject(name, derived));
    if (node === null && derived) return;
    if (node === null) throw new ExhibitError('CLUSTER_PROTOCOL', `the server's answer for node ${name} is no node`);
    this.#nodes.set(node.name, node);
  }

  /** The node of a pod that was named is only derived: that it may not be read, or is gone, is a gap and no end. */
  async #nodeObject(name: string, derived: boolean): Promise<unknown> {
    try {
      return await this.#object(`/api/v1/nodes/${encodeURIComponent(name)}`, `node ${name}`);
    } catch (error) {
      if (!derived || !(error instanceof ExhibitError) || !DERIVED_MAY_FAIL.has(error.code)) throw error;
      this.#incomplete.push(`the node of a pod that was named could not be read: ${error.message}`);
      return undefined;
    }
  }

  async #podsInScope(keep: boolean): Promise<void> {
    const { scope } = this.#options;
    if (scope.all) {
      await this.#podList({ path: '/api/v1/pods', keep });
      return;
    }
    for (const node of [...this.#nodes.keys()].sort()) {
      await this.#podList({ path: '/api/v1/pods', query: [['fieldSelector', `spec.nodeName=${node}`]], keep });
    }
    for (const namespace of [...scope.namespaces].sort()) {
      await this.#podList({ path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`, keep });
    }
  }

  async #podList(list: { path: string; query?: readonly (readonly [string, string])[]; keep: boolean }): Promise<void> {
    const { cluster, signal } = this.#options;
    const end = await cluster.list({ path: list.path, query: list.query ?? [], signal }, async (page) => {
      for (const item of page.items) {
        const pod = parsePod(item);
        if (pod === null) this.#unusable += 1;
        else this.#admit(pod, list.keep);
      }
      await this.#flush();
    });
    this.#note(end, 'pods');
  }

  #admit(pod: PodTarget, keep: boolean): void {
    const { scope, limits } = this.#options;
    if (limits.namespaces?.includes(pod.namespace) === false) {
      this.#excluded += 1;
      return;
    }
    if (!scope.all) this.#namespaces.add(pod.namespace);
    if (keep) this.#keepPod(pod);
  }

  #keepPod(pod: PodTarget): void {
    if (this.#written.has(pod.uid)) return;
    if (!this.#options.scope.all) this.#written.add(pod.uid);
    this.#pods += 1;
    this.#unwritten += `${JSON.stringify(pod)}\n`;
  }

  async #flush(): Promise<void> {
    await this.#file.appendFile(this.#unwritten).catch((error: unknown) => {
      throw storageError(error, PODS_FILE);
    });
    this.#unwritten = '';
  }

  async #allNodes(): Promise<void> {
    const { cluster, signal } = this.#options;
    const end = await cluster.list({ path: '/api/v1/nodes', signal }, (page) => {
      for (const item of page.items) {
        const node = parseNode(item);
        if (node === null) this.#unusable += 1;
        else this.#nodes.set(node.name, node);
      }
      return Promise.resolve();
    });
    this.#note(end, 'nodes');
  }

  #note(end: ListEnd, what: string): void {
    if (!end.complete) this.#incomplete.push(`the list of ${what} ended early: ${end.reason ?? 'unknown'}`);
    if (end.inconsistent)
      this.#incomplete.push(`the list of ${what} expired and went on at a later state of the cluster`);
    if (this.#unusable > 0) {
      this.#incomplete.push(`${String(this.#unusable)} entries of the list of ${what} have no name, namespace or UID`);
      this.#unusable = 0;
    }
  }

  async #object(path: string, what: string): Promise<unknown> {
    const { cluster, signal } = this.#options;
    const answer = await cluster.get({ path, kind: 'small', signal });
    if (answer.status === 404)
      throw new ExhibitError('TARGET_GONE', `${what} does not exist`, {
        subject: what,
        hints: [what.startsWith('node ') ? 'kubectl get nodes' : 'kubectl get pods --all-namespaces'],
      });
    if (answer.status === 403) {
      throw new ExhibitError('CLUSTER_FORBIDDEN', `reading ${what} is forbidden`, {
        subject: path,
        hints: [
          'kubectl apply -f templates/rbac/collector-readonly.yaml',
          `kubectl auth can-i get ${what.split(' ')[0] ?? ''}s`,
        ],
      });
    }
    if (answer.status !== 200) {
      throw new ExhibitError('CLUSTER_PROTOCOL', `reading ${what} answered ${String(answer.status)}`, {
        subject: path,
      });
    }
    return parseJson(answer.body);
  }
}

/** The UID of kube-system, which stands for the cluster; `null` where it may not be read. */
export async function readClusterUid(cluster: ClusterReader, signal: AbortSignal): Promise<string | null> {
  const answer = await cluster.get({ path: `/api/v1/namespaces/${SYSTEM_NAMESPACE}`, kind: 'small', signal });
  return answer.status === 200 ? (stringAt(parseJson(answer.body), 'metadata', 'uid') ?? null) : null;
}

/** The frozen targets as collectors see them. */
export function thawTargets(frozen: FrozenTargets, directory: string): Targets {
  return {
    nodes: frozen.nodes,
    namespaces: frozen.namespaces,
    resources: frozen.resources,
    unreachableGroups: frozen.unreachableGroups,
    pods: async function* () {
      if (frozen.pods === 0) return;
      for await (const { line } of readLines(join(directory, PODS_FILE))) {
        yield podTargetSchema.parse(JSON.parse(line.toString('utf8')));
      }
    },
  };
}
