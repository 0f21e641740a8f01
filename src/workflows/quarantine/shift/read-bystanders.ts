import { stringAt } from '../../../lib/untyped.js';
import type { Authority } from '../../../model/case.js';
import type { ClusterReader } from '../../../ports/cluster-reader.js';
import { readList } from '../read-cluster.js';
import type { Scene } from '../read-scene.js';
import { assertName, assertNamespace, assertUid } from '../server-names.js';
import { limitOf } from './namespace-limit.js';
import { ShiftFacts } from './shift-facts.js';
import { whyItStays } from './why-it-stays.js';

/** A pod of a contained node that is no suspect. */
export interface Bystander {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly object: unknown;
  /** Why it is not moved; `null` = it is. */
  readonly stays: string | null;
}

/**
 * The pods of the nodes of a scene that are no suspects, and what becomes of each. Throws `CLUSTER_FORBIDDEN`, `CLUSTER_PROTOCOL`,
 * `LIMIT_REACHED` and as the port.
 */
export async function readBystanders(
  { nodes, suspects }: Pick<Scene, 'nodes' | 'suspects'>,
  { cluster, authority }: { readonly cluster: Pick<ClusterReader, 'get' | 'list'>; readonly authority: Authority },
): Promise<readonly Bystander[]> {
  const known = new Set(suspects.map(({ uid }) => uid));
  const shifting = { facts: new ShiftFacts(cluster), nodes: new Set(nodes.map(({ name }) => name)) };
  const bystanders: Bystander[] = [];
  for (const { name: node } of nodes) {
    const pods = await readList(cluster, { path: '/api/v1/pods', field: `spec.nodeName=${node}`, what: 'pods' });
    for (const object of pods) {
      const at = (key: string): string => stringAt(object, 'metadata', key) ?? '';
      const [namespace, name, uid] = [at('namespace'), at('name'), at('uid')];
      if (known.has(uid)) continue;
      const what = `pod ${namespace}/${name}`;
      assertNamespace(namespace, what);
      assertName(name, what);
      assertUid(uid, what);
      const stays = limitOf(authority, namespace) ?? (await whyItStays(object, shifting));
      bystanders.push({ namespace, name, uid, node, object, stays });
    }
  }
  return bystanders;
}
