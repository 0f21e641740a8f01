import {
  CASE_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  type CollectorPodSettings,
} from '../../model/collector-pod-settings.js';

export const CONTAINER = 'collector';
/** Where the pod sees the node's own files. */
export const HOST_ROOT = '/host';

/**
 * Instead of `privileged`, which would add every device and capability. sys_admin: trusted.* attributes and namespaces of other processes;
 * sys_ptrace: their executables, maps and environment; dac_read_search: files whatever their mode; fowner: opening without touching the
 * access time; syslog: the kernel's log; net_admin: firewall and connection tables; bpf and perfmon: loaded programs.
 */
const CAPABILITIES = ['BPF', 'DAC_READ_SEARCH', 'FOWNER', 'NET_ADMIN', 'PERFMON', 'SYSLOG', 'SYS_ADMIN', 'SYS_PTRACE'];

export interface PodOrder {
  readonly settings: CollectorPodSettings;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** Random; all that the cluster learns of the case. */
  readonly caseToken: string;
}

function containerOf({ image, imagePresent, deadlineSeconds }: CollectorPodSettings) {
  return {
    name: CONTAINER,
    image,
    imagePullPolicy: imagePresent ? 'Never' : 'IfNotPresent',
    command: ['sleep', String(deadlineSeconds)],
    // With requests far below the limits a full node takes it; with limits it cannot take the node.
    resources: { limits: { cpu: '1', memory: '256Mi' }, requests: { cpu: '10m', memory: '32Mi' } },
    securityContext: {
      privileged: false,
      // The API refuses `false` together with sys_admin.
      allowPrivilegeEscalation: true,
      readOnlyRootFilesystem: true,
      runAsUser: 0,
      runAsGroup: 0,
      seccompProfile: { type: 'Unconfined' },
      appArmorProfile: { type: 'Unconfined' },
      capabilities: { add: CAPABILITIES, drop: ['ALL'] },
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    volumeMounts: [
      // Recursive read-only mounts exclude propagation; a runtime that cannot do them leaves the mounts below writable.
      { name: 'host', mountPath: HOST_ROOT, readOnly: true, recursiveReadOnly: 'IfPossible' },
      // For tools that need a scratch file: in memory, so that nothing of the node's disk is overwritten.
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/**
 * The pod as we send it. Every field that a server would fill in with a default is said, so that what comes back differs only where
 * somebody changed it. It has no token, no service links and no priority; the node is named, so no scheduler is asked.
 */
export function collectorPodOf({ settings, namespace, name, node, caseToken }: PodOrder) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {
        'app.kubernetes.io/name': 'exhibit-collector',
        [MANAGED_BY_LABEL]: MANAGED_BY,
        [CASE_LABEL]: caseToken,
      },
      annotations: { 'kubexhibit.dev/purpose': 'reads evidence of this node and changes nothing; removed afterwards' },
    },
    spec: {
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      hostPID: true,
      restartPolicy: 'Never',
      activeDeadlineSeconds: settings.deadlineSeconds,
      // Not 0: that would take the object away before the kubelet said that the container is gone.
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      serviceAccountName: 'default',
      dnsPolicy: 'Default',
      schedulerName: 'default-scheduler',
      securityContext: {},
      ...(settings.pullSecrets.length === 0
        ? {}
        : { imagePullSecrets: settings.pullSecrets.map((secret) => ({ name: secret })) }),
      containers: [containerOf(settings)],
      volumes: [
        { name: 'host', hostPath: { path: '/', type: 'Directory' } },
        { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      ],
    },
  };
}
export type CollectorPod = ReturnType<typeof collectorPodOf>;
