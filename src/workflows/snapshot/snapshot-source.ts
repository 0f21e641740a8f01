import type { CloudVolume } from '../../ports/platform.js';

/** A volume that a snapshot is to be made of; one without a device is attached nowhere. */
export interface SourceVolume extends Omit<CloudVolume, 'deleteOnTermination'> {
  /** The claim that it belongs to, `NAMESPACE/NAME`; `null` = none that the cluster knows. */
  readonly claim: string | null;
}

/** What snapshots are made of: the volumes of one machine in one call, or volumes by themselves. */
export interface SnapshotSource {
  readonly account: string;
  readonly region: string;
  readonly node: string | null;
  /** `null` = each volume by itself. */
  readonly instance: string | null;
  readonly wanted: readonly SourceVolume[];
  /** Attached to the machine, and left out by name. */
  readonly left: readonly SourceVolume[];
  /** Disks of the machine that no snapshot can take. */
  readonly instanceStores: number;
  /** What could not be read, in words. */
  readonly gaps: readonly string[];
}

/** `i-0abc of node worker-3`, `vol-0abc` */
export function sourceName({ node, instance, wanted }: SnapshotSource): string {
  if (instance === null) return wanted.map(({ id }) => id).join(', ');
  return node === null ? instance : `${instance} of node ${node}`;
}
