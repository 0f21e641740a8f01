import { keyTrouble } from './key-trouble.js';
import type { ServiceOf } from './record-snapshots.js';
import type { SnapshotWishes } from './run-snapshots.js';
import { instanceStoreText } from './snapshot-gaps.js';
import { sourceName, type SnapshotSource } from './snapshot-source.js';

const GIB = 1024 ** 3;

/** What would be asked of the cloud. Sizes in bytes. */
export interface SnapshotPlan {
  readonly sources: readonly SnapshotSource[];
  readonly sizeBytes: number;
  readonly requests: readonly string[];
  readonly cost: string;
  readonly gaps: readonly string[];
  readonly refused: readonly { readonly subject: string; readonly why: string }[];
}

function requestsOf(
  sources: readonly SnapshotSource[],
  { copies, lock, shareWith }: SnapshotWishes,
): readonly string[] {
  const volumes = sources.reduce((sum, { wanted }) => sum + wanted.length, 0);
  const machines = sources.filter(({ instance, wanted }) => instance !== null && wanted.length > 0).length;
  const alone = sources.filter(({ instance }) => instance === null).reduce((sum, one) => sum + one.wanted.length, 0);
  const counts: readonly (readonly [number, string])[] = [
    [machines, 'ec2:CreateSnapshots'],
    [alone, 'ec2:CreateSnapshot'],
    [volumes * copies.length, 'ec2:CopySnapshot'],
    [lock === null ? 0 : volumes * (1 + copies.length), 'ec2:LockSnapshot'],
    [shareWith.length * volumes * Math.max(1, copies.length), 'ec2:ModifySnapshotAttribute'],
  ];
  const changing = counts.filter(([count]) => count > 0).map(([count, name]) => `${String(count)} x ${name}`);
  return [...changing, 'ec2:DescribeSnapshots and ec2:DescribeLockedSnapshots at each look'];
}

function costOf(sizeBytes: number, { copies }: SnapshotWishes): string {
  const gib = Math.ceil(sizeBytes / GIB);
  const places = 1 + copies.length;
  const moved = copies.length === 0 ? '' : `, and the transfer of as much to each of ${String(copies.length)} regions`;
  return `storage of what the volumes hold, at most ${String(gib * places)} GiB until they are deleted${moved}; a snapshot of a volume that has earlier ones stores what has changed since; prices: https://aws.amazon.com/ebs/pricing/`;
}

/** What would be made, and whether the cloud would refuse it; by dry runs and reads. Throws as the port. */
export async function planSnapshots(
  sources: readonly SnapshotSource[],
  wishes: SnapshotWishes,
  serviceOf: ServiceOf,
): Promise<SnapshotPlan> {
  const refused: { subject: string; why: string }[] = [];
  for (const source of sources) {
    const service = await serviceOf(source.region);
    const keys = new Set(source.wanted.flatMap(({ isEncrypted, kmsKeyId }) => (isEncrypted ? (kmsKeyId ?? []) : [])));
    for (const key of keys) {
      const why = keyTrouble(await service.key(key), key);
      if (why !== null) refused.push({ subject: key, why });
    }
    const shared = { tags: { 'kubexhibit.dev/case': 'dry-run' }, description: 'dry run', dryRun: true };
    const [first] = source.wanted;
    if (first === undefined) continue;
    const what =
      source.instance === null
        ? { volume: first.id }
        : { instance: source.instance, excludeRoot: false, excludeVolumes: [] };
    const answer = await service.take({ ...shared, ...what });
    if (answer.outcome !== 'done') refused.push({ subject: sourceName(source), why: answer.detail });
  }
  for (const { region, kmsKey } of wishes.copies) {
    const why = kmsKey === null ? null : keyTrouble(await (await serviceOf(region)).key(kmsKey), kmsKey);
    if (why !== null) refused.push({ subject: kmsKey ?? '', why });
  }
  const sizeBytes = sources.flatMap(({ wanted }) => wanted).reduce((sum, one) => sum + one.sizeBytes, 0);
  const stores = sources.flatMap((source) => instanceStoreText(source) ?? []);
  return {
    ...{ sources, sizeBytes, requests: requestsOf(sources, wishes), cost: costOf(sizeBytes, wishes) },
    ...{ gaps: [...sources.flatMap(({ gaps }) => gaps), ...stores], refused },
  };
}
