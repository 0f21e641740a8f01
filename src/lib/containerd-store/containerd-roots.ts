/** Where the distributions keep containerd's data and state, as absolute paths of the node. */
export const CONTAINERD_ROOTS = [
  { name: 'containerd', root: '/var/lib/containerd', state: '/run/containerd' },
  { name: 'k3s', root: '/var/lib/rancher/k3s/agent/containerd', state: '/run/k3s/containerd' },
  { name: 'rke2', root: '/var/lib/rancher/rke2/agent/containerd', state: '/run/k3s/containerd' },
  {
    name: 'microk8s',
    root: '/var/snap/microk8s/common/var/lib/containerd',
    state: '/var/snap/microk8s/common/run/containerd',
  },
  { name: 'k0s', root: '/var/lib/k0s/containerd', state: '/run/k0s/containerd' },
  {
    name: 'docker',
    root: '/var/lib/docker/containerd/daemon',
    state: '/run/docker/containerd/daemon',
  },
] as const;

/** Of a root: the database of containers, images, content and snapshot names. */
export const META_DB = 'io.containerd.metadata.v1.bolt/meta.db';

/** Of a root: the database of a snapshotter, beside its folder `snapshots`. */
export const snapshotterFolder = (snapshotter: string): string => `io.containerd.snapshotter.v1.${snapshotter}`;
