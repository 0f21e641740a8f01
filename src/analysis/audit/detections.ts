import type { Detection } from './detection.js';
import { exec } from './detections/d01-exec.js';
import { execReadsCredentials } from './detections/d02-exec-reads-credentials.js';
import { execOpensAWay } from './detections/d03-exec-opens-a-way.js';
import { portForward } from './detections/d04-port-forward.js';
import { nodeProxy } from './detections/d05-node-proxy.js';
import { kubeletAskedDirectly } from './detections/d06-kubelet-asked-directly.js';
import { ephemeralContainer } from './detections/d07-ephemeral-container.js';
import { privilegedContainer } from './detections/d08-privileged-container.js';
import { hostPath } from './detections/d09-host-path.js';
import { hostNamespaces } from './detections/d10-host-namespaces.js';
import { dangerousCapabilities } from './detections/d11-dangerous-capabilities.js';
import { weakenedConfinement } from './detections/d12-weakened-confinement.js';
import { workloadInSystemNamespace } from './detections/d13-workload-in-system-namespace.js';
import { daemonset } from './detections/d14-daemonset.js';
import { job } from './detections/d15-job.js';
import { sidecar } from './detections/d16-sidecar.js';
import { foreignImage } from './detections/d17-foreign-image.js';
import { staticPod } from './detections/d18-static-pod.js';
import { clusterAdmin } from './detections/d19-cluster-admin.js';
import { rightsForEverybody } from './detections/d20-rights-for-everybody.js';
import { dangerousRole } from './detections/d21-dangerous-role.js';
import { systemRoleChanged } from './detections/d22-system-role-changed.js';
import { aggregatedRole } from './detections/d23-aggregated-role.js';
import { rightsByAWorkload } from './detections/d24-rights-by-a-workload.js';
import { secretsListed } from './detections/d25-secrets-listed.js';
import { secretsOneByOne } from './detections/d26-secrets-one-by-one.js';
import { secretOfAForeignPod } from './detections/d27-secret-of-a-foreign-pod.js';
import { secretsDenied } from './detections/d28-secrets-denied.js';
import { tokenRequested } from './detections/d29-token-requested.js';
import { lastingToken } from './detections/d30-lasting-token.js';
import { clientCertificate } from './detections/d31-client-certificate.js';
import { impersonation } from './detections/d32-impersonation.js';
import { anonymousAllowed } from './detections/d33-anonymous-allowed.js';
import { deniedAgainAndAgain } from './detections/d34-denied-again-and-again.js';
import { lookingAround } from './detections/d35-looking-around.js';
import { identityFromOutside } from './detections/d36-identity-from-outside.js';
import { oneCredentialTwoPlaces } from './detections/d37-one-credential-two-places.js';
import { admissionChanged } from './detections/d38-admission-changed.js';
import { podSecurityLoosened } from './detections/d39-pod-security-loosened.js';
import { networkPolicy } from './detections/d40-network-policy.js';
import { tracesRemoved } from './detections/d41-traces-removed.js';
import { foundationChanged } from './detections/d42-foundation-changed.js';
import { nodeChanged } from './detections/d43-node-changed.js';
import { massDeletion } from './detections/d44-mass-deletion.js';

/** In the order of their ids. */
export const DETECTIONS: readonly Detection[] = [
  exec,
  execReadsCredentials,
  execOpensAWay,
  portForward,
  nodeProxy,
  kubeletAskedDirectly,
  ephemeralContainer,
  privilegedContainer,
  hostPath,
  hostNamespaces,
  dangerousCapabilities,
  weakenedConfinement,
  workloadInSystemNamespace,
  daemonset,
  job,
  sidecar,
  foreignImage,
  staticPod,
  clusterAdmin,
  rightsForEverybody,
  dangerousRole,
  systemRoleChanged,
  aggregatedRole,
  rightsByAWorkload,
  secretsListed,
  secretsOneByOne,
  secretOfAForeignPod,
  secretsDenied,
  tokenRequested,
  lastingToken,
  clientCertificate,
  impersonation,
  anonymousAllowed,
  deniedAgainAndAgain,
  lookingAround,
  identityFromOutside,
  oneCredentialTwoPlaces,
  admissionChanged,
  podSecurityLoosened,
  networkPolicy,
  tracesRemoved,
  foundationChanged,
  nodeChanged,
  massDeletion,
];
