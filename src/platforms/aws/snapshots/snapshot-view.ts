import type { Snapshot } from '@aws-sdk/client-ec2';
import { toRfc3339 } from '../../../lib/clock.js';
import type { SnapshotView } from '../../../ports/snapshots.js';
import { arnOf } from '../arn.js';
import { tagsOf } from '../tags.js';

const GIB = 1024 ** 3;
/** EC2 says this of a copy. */
const NO_VOLUME = /^vol-f{8,17}$/;
const SNAPSHOT = /^snap-[0-9a-f]{8,17}$/;
const VOLUME = /^vol-[0-9a-f]{8,17}$/;
const MAX_TEXT = 1000;

/** The answers to a description and to a creation, as far as both have it. */
type Told = Pick<
  Snapshot,
  | 'SnapshotId'
  | 'VolumeId'
  | 'VolumeSize'
  | 'OwnerId'
  | 'Encrypted'
  | 'KmsKeyId'
  | 'State'
  | 'StateMessage'
  | 'Progress'
  | 'StartTime'
  | 'CompletionTime'
  | 'Tags'
>;

export function instantOf(date: Date | undefined): string | null {
  const atMs = date?.getTime() ?? Number.NaN;
  return Number.isNaN(atMs) ? null : toRfc3339(atMs);
}

const textOf = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text.slice(0, MAX_TEXT);

function volumeOf(id: string | undefined): string | null {
  return id !== undefined && VOLUME.test(id) && !NO_VOLUME.test(id) ? id : null;
}

function sizeOf(gib: number | undefined): number {
  return gib !== undefined && Number.isSafeInteger(gib * GIB) && gib > 0 ? gib * GIB : 0;
}

/** `null` for what bears no name that EC2 gives. */
export function snapshotView(told: Told, { region, account }: Where): SnapshotView | null {
  const id = told.SnapshotId ?? '';
  if (!SNAPSHOT.test(id)) return null;
  return {
    account: told.OwnerId ?? account,
    region,
    id,
    arn: arnOf({ service: 'ec2', region, account: '', resource: `snapshot/${id}` }),
    volume: volumeOf(told.VolumeId),
    sizeBytes: sizeOf(told.VolumeSize),
    isEncrypted: told.Encrypted ?? false,
    kmsKeyId: textOf(told.KmsKeyId),
    state: told.State ?? 'unknown',
    stateDetail: textOf(told.StateMessage),
    progress: textOf(told.Progress),
    startedAt: instantOf(told.StartTime),
    completedAt: instantOf(told.CompletionTime),
    tags: tagsOf(told.Tags),
  };
}

export interface Where {
  readonly region: string;
  /** Where the answer names no owner. */
  readonly account: string;
}
