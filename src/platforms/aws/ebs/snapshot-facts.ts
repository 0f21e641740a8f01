import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { toRfc3339 } from '../../../lib/clock.js';
import type { SnapshotFacts } from '../../../ports/block-source.js';
import { awsFailure } from '../aws-failure.js';
import { createEc2Client } from '../ec2-client.js';
import { interruptedBy } from '../interrupted-by.js';
import type { EbsSettings } from './ebs-access.js';

const ATTEMPTS = 3;

function unknown(why: string): SnapshotFacts {
  return { volume: null, account: null, takenAt: null, unknownBecause: why };
}

/** Of which volume, whose and when, as EC2 says. Who may read blocks need not be allowed to ask this. Throws `INTERRUPTED` alone. */
export async function snapshotFacts(settings: EbsSettings, snapshot: string): Promise<SnapshotFacts> {
  const client = createEc2Client(settings, { attempts: ATTEMPTS });
  try {
    const answer = await client.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] }), {
      abortSignal: settings.signal,
    });
    const found = answer.Snapshots?.find(({ SnapshotId: id }) => id === snapshot);
    if (found === undefined) return unknown('EC2 does not know the snapshot');
    const { VolumeId: volume = null, OwnerId: account = null, StartTime: takenAt } = found;
    return {
      volume,
      account,
      takenAt: takenAt === undefined ? null : toRfc3339(takenAt.getTime()),
      unknownBecause: null,
    };
  } catch (error) {
    if (settings.signal.aborted) throw interruptedBy(settings.signal, snapshot);
    const { name, kind } = awsFailure(error);
    return unknown(`ec2:DescribeSnapshots failed: ${kind} (${name})`);
  } finally {
    client.destroy();
  }
}
