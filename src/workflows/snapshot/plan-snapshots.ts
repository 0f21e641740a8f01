import type { SnapshotService } from '../../ports/snapshots.js';
import { keyTrouble, PLATFORM_KEY } from './key-trouble.js';
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
    [copies.some(({ role }) => role !== null) ? 1 : 0, 'sts:AssumeRole, and again each hour'],
    [volumes * copies.length, 'ec2:CopySnapshot'],
    [lock === null ? 0 : volumes * (1 + copies.length), 'ec2:LockSnapshot'],
    [
      shareWith.length * volumes * Math.max(1, copies.length) +
        (copies.some(({ role }) => role !== null) ? volumes : 0),
      'ec2:ModifySnapshotAttribute',
    ],
  ];
  const changing = counts.filter(([count]) => count > 0).map(([count, name]) => `${String(count)} x ${name}`);
  return [...changing, 'ec2:DescribeSnapshots and ec2:DescribeLockedSnapshots at each look'];
}

/** Whether another account is let at the snapshots themselves, and not at copies of ours. */
function isGivenAway({ copies, shareWith }: SnapshotWishes): boolean {
  return copies.length === 0 ? shareWith.length > 0 : copies.some(({ role }) => role !== null);
}

function costOf(sizeBytes: number, { copies, pricePerGibMonth }: SnapshotWishes): string {
  const storedGib = Math.ceil(sizeBytes / GIB) * (1 + copies.length);
  const moved = copies.length === 0 ? '' : `, and the transfer of as much to each of ${String(copies.length)} places`;
  const price =
    pricePerGibMonth === null
      ? "AWS's price for a GiB and month"
      : `${pricePerGibMonth} for a GiB and month, which is ${(storedGib * Number(pricePerGibMonth)).toFixed(2)} a month`;
  return `at most ${String(storedGib)} GiB, as much as the volumes hold, until they are deleted, at ${price}${moved}; a snapshot of a volume that has earlier ones stores what has changed since; prices: https://aws.amazon.com/ebs/pricing/`;
}

type Refusal = SnapshotPlan['refused'][number];

async function refusedKeys(
  { wanted }: SnapshotSource,
  wishes: SnapshotWishes,
  service: SnapshotService,
): Promise<readonly Refusal[]> {
  const keys = new Set(wanted.flatMap(({ isEncrypted, kmsKeyId }) => (isEncrypted ? (kmsKeyId ?? []) : [])));
  const refused: Refusal[] = [];
  for (const key of keys) {
    const view = await service.key(key);
    const why = isGivenAway(wishes) && view.isPlatformKey === true ? PLATFORM_KEY : keyTrouble(view, key);
    if (why !== null) refused.push({ subject: key, why });
  }
  return refused;
}

async function refusedCall(source: SnapshotSource, service: SnapshotService): Promise<readonly Refusal[]> {
  const [first] = source.wanted;
  if (first === undefined) return [];
  const shared = { tags: { 'kubexhibit.dev/case': 'dry-run' }, description: 'dry run', dryRun: true };
  const what =
    source.instance === null
      ? { volume: first.id }
      : { instance: source.instance, excludeRoot: false, excludeVolumes: [] };
  const answer = await service.take({ ...shared, ...what });
  return answer.outcome === 'done' ? [] : [{ subject: sourceName(source), why: answer.detail }];
}

async function refusedCopies(
  { copies }: SnapshotWishes,
  here: string,
  serviceOf: ServiceOf,
): Promise<readonly Refusal[]> {
  const refused: Refusal[] = [];
  for (const { region, role, kmsKey } of copies) {
    if (kmsKey === null) continue;
    const service = await serviceOf(region ?? here, role ?? undefined);
    const why = keyTrouble(await service.key(kmsKey), kmsKey);
    if (why !== null) refused.push({ subject: kmsKey, why });
  }
  return refused;
}

/** What would be made, and whether the cloud would refuse it; by dry runs and reads. Throws as the port. */
export async function planSnapshots(
  sources: readonly SnapshotSource[],
  wishes: SnapshotWishes,
  serviceOf: ServiceOf,
): Promise<SnapshotPlan> {
  const refused: Refusal[] = [];
  for (const source of sources) {
    const service = await serviceOf(source.region);
    refused.push(...(await refusedKeys(source, wishes, service)), ...(await refusedCall(source, service)));
  }
  refused.push(...(await refusedCopies(wishes, sources[0]?.region ?? '', serviceOf)));
  const sizeBytes = sources.flatMap(({ wanted }) => wanted).reduce((sum, one) => sum + one.sizeBytes, 0);
  const stores = sources.flatMap((source) => instanceStoreText(source) ?? []);
  return {
    ...{ sources, sizeBytes, requests: requestsOf(sources, wishes), cost: costOf(sizeBytes, wishes) },
    ...{ gaps: [...sources.flatMap(({ gaps }) => gaps), ...stores], refused },
  };
}
