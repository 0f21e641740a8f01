import type { OciSummary } from './oci-summary.js';

/**
 * One container as a runtime's own store on the disk knows it, running or not. Every string comes from the node and is untrusted; paths
 * are the node's absolute ones, made only of the store's root and of identifiers that were checked, and are to be read below the
 * access's `$ROOT` without following a link.
 */
export interface ContainerLayers {
  readonly runtime: 'containerd' | 'docker' | 'containers-storage';
  readonly id: string;
  /** containerd's namespace (`k8s.io`, `moby`); `null` with the others. */
  readonly namespace: string | null;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string } | null;
  /** The container's name in its pod, else the name the runtime knows it by. */
  readonly name: string | null;
  /** `sandbox`: the pause container of a pod. */
  readonly kind: 'container' | 'sandbox' | null;
  readonly image: string | null;
  /** `sha256:...` of what the image name pointed to in the store, where it says so. */
  readonly imageDigest: string | null;
  /** RFC 3339 UTC. */
  readonly createdAt: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** `overlayfs`, `native`, `overlay2`, `overlay`, ... */
  readonly snapshotter: string;
  /** `overlay`: `upper` lies over `lowers`. `copy`: `upper` is the whole tree. `unknown`: the driver keeps no trees that could be read. */
  readonly layout: 'overlay' | 'copy' | 'unknown';
  /** Folder of what the container wrote; `null` when it cannot be told. */
  readonly upper: string | null;
  /** Folders below it, the nearest first. Complete only without `chain-broken` in `problems`. */
  readonly lowers: readonly string[];
  /** How many of `lowers`, from the first, the engine itself made (Docker's `-init` layer): its files are no image's and nobody's change. */
  readonly engineLowers: number;
  readonly spec: OciSummary | null;
  /** Found in pages that the database had freed: the container was deleted. Such a record is a hint, not a state. */
  readonly carved: boolean;
  /** Kebab-case: `chain-broken`, `snapshot-missing`, `snapshotter-unreadable`. */
  readonly problems: readonly string[];
}
