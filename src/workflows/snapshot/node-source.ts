import { arrayAt, stringAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { Platform } from '../../ports/platform.js';
import { pathOf, readList, readNamed } from '../quarantine/read-cluster.js';
import { chooseVolumes } from './choose-volumes.js';
import type { SnapshotSource } from './snapshot-source.js';
import { claimedVolume, regionOfZone } from './volume-claims.js';

/** EBS volume to claim; `null` where the volumes of the cluster may not be listed. */
async function claimsOf(reader: ClusterReader): Promise<ReadonlyMap<string, string> | null> {
  try {
    const volumes = await readList(reader, { path: pathOf('', 'persistentvolumes'), what: 'persistent volumes' });
    return new Map(
      volumes.map(claimedVolume).flatMap(({ ebs, claim }) => (ebs === null || claim === null ? [] : [[ebs, claim]])),
    );
  } catch (error) {
    if (error instanceof ExhibitError && ['CLUSTER_FORBIDDEN', 'CLUSTER_PROTOCOL'].includes(error.code)) return null;
    throw error;
  }
}

/** The region that a node says it is in, by the zone of its `spec.providerID`; `null` = it names none. Throws `TARGET_GONE`. */
export async function nodeRegion(node: string, reader: ClusterReader): Promise<string | null> {
  const object = await readNamed(reader, pathOf('', 'nodes', node), `node ${node}`);
  const zone = /^aws:\/\/\/([a-z0-9-]{4,40})\//.exec(stringAt(object, 'spec', 'providerID') ?? '')?.[1];
  return zone === undefined ? null : regionOfZone(zone);
}

/** The disks of a node's machine, read again and matched with the node. Throws `TARGET_GONE`, `USAGE_INVALID`, `PLATFORM_*`. */
export async function nodeSource(
  { node, exclude }: { readonly node: string; readonly exclude: readonly string[] },
  { reader, platform }: { readonly reader: ClusterReader; readonly platform: Platform },
): Promise<SnapshotSource> {
  const object = await readNamed(reader, pathOf('', 'nodes', node), `node ${node}`);
  const at = (...path: string[]): string => stringAt(object, ...path) ?? '';
  const instance = await platform.instanceOf({
    ...{ node, providerId: at('spec', 'providerID'), systemUuid: at('status', 'nodeInfo', 'systemUUID') },
    addresses: arrayAt(object, 'status', 'addresses').flatMap((one) => stringAt(one, 'address') ?? []),
  });
  return chooseVolumes(instance, { node, exclude, claims: await claimsOf(reader) });
}
