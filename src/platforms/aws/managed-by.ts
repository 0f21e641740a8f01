import type { CloudInstance } from '../../ports/platform.js';

const KARPENTER = ['karpenter.sh/nodepool', 'karpenter.sh/provisioner-name', 'karpenter.sh/nodeclaim'];
const NODE_GROUP = 'eks:nodegroup-name';

/** Who may replace a machine, by its tags and its membership in a scaling group. */
export function managedBy(tags: Readonly<Record<string, string>>, isInGroup: boolean): CloudInstance['managedBy'] {
  if (KARPENTER.some((key) => Object.hasOwn(tags, key))) return 'karpenter';
  if (Object.hasOwn(tags, NODE_GROUP)) return 'managed-node-group';
  return isInGroup ? 'scaling-group' : 'none';
}
