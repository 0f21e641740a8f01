import { arrayAt, stringAt } from '../../../lib/untyped.js';
import { labelsOf } from '../../../plan/network/label-selector.js';

/** Words by which programs that a whole cluster rests on are known, in labels and images. */
const ROLES: readonly (readonly [string, RegExp])[] = [
  ['DNS', /coredns|kube-?dns|node-?local-?dns/],
  ['CNI', /(^|[-_/.])cni([-_/.:]|$)|calico|cilium|flannel|weave|antrea|kube-router|aws-node|canal|multus|tigera|ovn-/],
  ['CSI', /(^|[-_/.])csi([-_/.:]|$)/],
  ['ingress', /ingress|traefik|contour|envoy-gateway|haproxy/],
];
const LABELS = ['k8s-app', 'app', 'name', 'component', 'app.kubernetes.io/name', 'app.kubernetes.io/component'];
const SYSTEM_NAMESPACE = 'kube-system';

/** What a pod is for the whole cluster, as far as its labels and images tell: the more is taken for it the better. `null` = nothing. */
export function systemRole(pod: unknown): string | null {
  const labels = labelsOf(pod);
  const images = arrayAt(pod, 'spec', 'containers').flatMap((one) => stringAt(one, 'image') ?? []);
  const words = [...LABELS.flatMap((key) => labels[key] ?? []), ...images].map((word) => word.toLowerCase());
  const known = ROLES.find(([, pattern]) => words.some((word) => pattern.test(word)));
  if (known !== undefined) return known[0];
  return stringAt(pod, 'metadata', 'namespace') === SYSTEM_NAMESPACE ? SYSTEM_NAMESPACE : null;
}
