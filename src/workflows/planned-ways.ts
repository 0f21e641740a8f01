import type { NodeRung } from '../ports/node-access.js';
import type { CollectRequest } from './collect-request.js';
import { disclosuresOf } from './disclosures.js';

/** One way to the nodes on the plan screen, before it is tried. */
export interface PlannedWay {
  readonly way: NodeRung;
  /** What it makes, and where. */
  readonly makes: string;
  /** What must be granted for it. */
  readonly needs: string;
}

const WAYS: Readonly<Record<NodeRung, Omit<PlannedWay, 'way'>>> = {
  'collector-pod': {
    makes: 'a namespace where it is missing, and one pod on each node; removed in the end, and the removal is proven',
    needs: 'create, get and delete on namespaces and pods, create on pods/exec, list on events, all in that namespace',
  },
  'ssh': {
    makes:
      'one connection to each node, and processes on it that end with it; nothing is written there but its own login records',
    needs:
      "a key that the node takes, the node's host key among the known hosts, and root or --ssh-sudo to see everything",
  },
  'local': {
    makes: 'processes on this machine; nothing is written outside the case',
    needs: 'that this machine is the node, and root to see everything',
  },
  'disk': {
    makes: 'processes on this machine that read the disk; nothing is written onto it',
    needs: 'a disk that is mounted read-only, and root to see everything',
  },
};

/** In the order in which they will be tried. */
export function plannedWays({ nodeAccess }: Pick<CollectRequest, 'nodeAccess'>): readonly PlannedWay[] {
  return nodeAccess.map((way) => ({ way, ...WAYS[way] }));
}

/** What a collection changes, in one sentence. */
export function footprintOf(request: CollectRequest): string {
  return [sentenceOf(request), ...disclosuresOf(request)].join('; ');
}

function sentenceOf({ nodeAccess, withoutCluster }: CollectRequest): string {
  if (withoutCluster !== null) return 'no cluster is asked; read-only scripts run on this machine';
  const reads = 'reads only; two kinds of self-review are the only calls that are not GET, and they store nothing';
  if (nodeAccess.length === 0) return reads;
  const pods = nodeAccess.includes('collector-pod')
    ? 'collector pods and their namespace are made and removed'
    : 'nothing is made in the cluster';
  return `of the API ${reads}; on the nodes read-only scripts; ${pods}`;
}
