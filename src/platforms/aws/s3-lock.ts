import {
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { parseInstant, toDate, toRfc3339 } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { StorageLock } from '../../ports/destination.js';
import type { AwsFailure } from './aws-failure.js';
import { ask, attempt, locationOf, type S3Access } from './s3-access.js';

/** The parameters that set a lock together with the object. S3 refuses them without a checksum of the content. */
export function lockParameters({ retention, legalHold }: StorageLock) {
  return {
    ...(retention === null
      ? {}
      : {
          ObjectLockMode: retention.mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const),
          ObjectLockRetainUntilDate: toDate(parseInstant(retention.untilAt) ?? 0),
        }),
    ...(legalHold ? { ObjectLockLegalHoldStatus: 'ON' as const } : {}),
  };
}

/** Refuses a bucket that says it keeps no locks. Who may not ask is not stopped: the lock is read back after the upload. */
export async function assertLockable(access: S3Access): Promise<void> {
  const { value, failure } = await attempt(access, {
    key: '',
    permission: 's3:GetBucketObjectLockConfiguration',
    expects: ({ kind, name }) => kind === 'denied' || hasNone(name) || name === 'NotImplemented',
    send: (sending) => access.client.send(new GetObjectLockConfigurationCommand({ Bucket: access.bucket }), sending),
  });
  const isLockable = failure === null ? value.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled' : undefined;
  if (isLockable === true || failure?.kind === 'denied') return;
  throw new ExhibitError('DESTINATION_NOT_LOCKED', 'the bucket has no Object Lock; nothing was sent', {
    subject: locationOf(access, ''),
    hints: [`aws s3api get-object-lock-configuration --bucket ${access.bucket}`],
  });
}

function hasNone(name: string): boolean {
  return name === 'ObjectLockConfigurationNotFoundError' || name === 'NoSuchObjectLockConfiguration';
}

interface LockedObject {
  readonly key: string;
  readonly versionId: string | null;
}

function target({ bucket }: S3Access, { key, versionId }: LockedObject) {
  return { Bucket: bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) };
}

/** The object has no lock of this kind, the bucket none at all, or the store has never heard of it: all the same to who asked for one. */
function isUnlocked({ kind }: AwsFailure): boolean {
  return kind === 'missing' || kind === 'refused';
}

/**
 * As the store has it now. HeadObject tells a lock to who may see it and stays silent to others, so silence is asked about again, with an
 * answer that names the permission.
 */
export async function readObjectLock(access: S3Access, object: LockedObject): Promise<StorageLock> {
  const head = await ask(access, {
    key: object.key,
    permission: 's3:GetObject',
    send: (sending) => access.client.send(new HeadObjectCommand(target(access, object)), sending),
  });
  return {
    retention:
      retentionOf(head.ObjectLockMode, head.ObjectLockRetainUntilDate) ?? (await askForRetention(access, object)),
    legalHold: head.ObjectLockLegalHoldStatus === 'ON' || (await askForLegalHold(access, object)),
  };
}

function retentionOf(mode: string | undefined, until: Date | undefined): StorageLock['retention'] {
  if (mode === undefined || until === undefined) return null;
  return { mode: mode === 'COMPLIANCE' ? 'compliance' : 'governance', untilAt: toRfc3339(until.getTime()) };
}

async function askForRetention(access: S3Access, object: LockedObject): Promise<StorageLock['retention']> {
  const { value } = await attempt(access, {
    key: object.key,
    permission: 's3:GetObjectRetention',
    expects: isUnlocked,
    send: (sending) => access.client.send(new GetObjectRetentionCommand(target(access, object)), sending),
  });
  return retentionOf(value?.Retention?.Mode, value?.Retention?.RetainUntilDate);
}

async function askForLegalHold(access: S3Access, object: LockedObject): Promise<boolean> {
  const { value } = await attempt(access, {
    key: object.key,
    permission: 's3:GetObjectLegalHold',
    expects: isUnlocked,
    send: (sending) => access.client.send(new GetObjectLegalHoldCommand(target(access, object)), sending),
  });
  return value?.LegalHold?.Status === 'ON';
}

/** Sets what is asked for; leaves alone what is not. S3 itself refuses to shorten a retention. */
export async function setObjectLock(access: S3Access, object: LockedObject, lock: StorageLock): Promise<void> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = lockParameters(lock);
  const expects = isUnlocked;
  if (mode !== undefined && until !== undefined) {
    const retention = { Mode: mode, RetainUntilDate: until };
    await attempt(access, {
      key: object.key,
      permission: 's3:PutObjectRetention',
      expects,
      send: (sending) =>
        access.client.send(
          new PutObjectRetentionCommand({
            ...target(access, object),
            Retention: retention,
            ChecksumAlgorithm: 'SHA256',
          }),
          sending,
        ),
    });
  }
  if (!lock.legalHold) return;
  await attempt(access, {
    key: object.key,
    permission: 's3:PutObjectLegalHold',
    expects,
    send: (sending) =>
      access.client.send(
        new PutObjectLegalHoldCommand({
          ...target(access, object),
          LegalHold: { Status: 'ON' },
          ChecksumAlgorithm: 'SHA256',
        }),
        sending,
      ),
  });
}
