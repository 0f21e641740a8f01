import type { S3Client } from '@aws-sdk/client-s3';
import { ExhibitError } from '../../model/errors.js';
import { type AwsFailure, awsFailure } from './aws-failure.js';
import { type AwsSettings, loginHints } from './client-settings.js';
import { interruptedBy } from './interrupted-by.js';

/** A client with all that a call and its failure need. */
export interface S3Access {
  readonly client: S3Client;
  readonly bucket: string;
  readonly settings: AwsSettings;
  readonly signal: AbortSignal | undefined;
}

export interface S3Call {
  /** Key, or empty for the bucket itself. */
  readonly key: string;
  /** As an IAM policy names it. */
  readonly permission: string;
}

export interface Sending {
  readonly abortSignal?: AbortSignal;
}

export function locationOf({ bucket }: Pick<S3Access, 'bucket'>, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** One call of the SDK. Every failure but the expected ones is thrown as what a `Destination` throws. */
export async function attempt<T>(
  access: S3Access,
  call: S3Call & {
    readonly expects: (failure: AwsFailure) => boolean;
    readonly send: (sending: Sending) => Promise<T>;
  },
): Promise<{ readonly value: T; readonly failure: null } | { readonly value: null; readonly failure: AwsFailure }> {
  try {
    const sending = access.signal === undefined ? {} : { abortSignal: access.signal };
    return { value: await call.send(sending), failure: null };
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    const failure = awsFailure(error);
    if (failure.kind !== 'aborted' && call.expects(failure)) return { value: null, failure };
    throw s3Error(failure, access, call);
  }
}

/** As `attempt` where no failure is expected. */
export async function ask<T>(
  access: S3Access,
  call: S3Call & { readonly send: (sending: Sending) => Promise<T> },
): Promise<T> {
  const { value, failure } = await attempt(access, { ...call, expects: () => false });
  if (failure !== null) throw s3Error(failure, access, call);
  return value;
}

const CODES = {
  clock: 'DESTINATION_DENIED',
  configuration: 'CONFIG_INVALID',
  credentials: 'DESTINATION_DENIED',
  denied: 'DESTINATION_DENIED',
  missing: 'DESTINATION_FAILED',
  refused: 'DESTINATION_FAILED',
  throttled: 'DESTINATION_UNREACHABLE',
  unreachable: 'DESTINATION_UNREACHABLE',
} as const;

export function s3Error(failure: AwsFailure, access: S3Access, call: S3Call): ExhibitError {
  const subject = locationOf(access, call.key);
  if (failure.kind === 'aborted') return interruptedBy(access.signal, subject);
  if (failure.name === 'NoSuchBucket')
    return new ExhibitError('DESTINATION_INVALID', 'there is no such bucket', {
      subject,
      hints: ['aws s3 ls'],
      cause: failure.cause,
    });
  const { text, hints } = explained(failure, access, call);
  const request = failure.requestId === null ? '' : `, request ${failure.requestId}`;
  return new ExhibitError(CODES[failure.kind], `${text} (${failure.name}${request})`, {
    subject,
    hints,
    retryable: failure.kind === 'throttled' || failure.kind === 'unreachable',
    cause: failure.cause,
  });
}

function explained(
  failure: AwsFailure,
  { settings, bucket }: S3Access,
  { permission }: S3Call,
): { readonly text: string; readonly hints: readonly string[] } {
  const login = loginHints(settings);
  switch (failure.kind) {
    case 'denied':
      return { text: `S3 does not allow ${permission}`, hints: login.slice(1) };
    case 'credentials':
      return { text: 'S3 accepts no credentials of ours: there are none, or they have expired', hints: login };
    case 'configuration':
      return { text: 'the AWS configuration names no region or no such profile', hints: ['aws configure list'] };
    case 'clock':
      return { text: "S3 refuses because this machine's clock is wrong", hints: ['timedatectl'] };
    case 'throttled':
      return { text: 'S3 asks to slow down, and kept asking', hints: [] };
    case 'unreachable':
      return { text: 'S3 cannot be reached, or does not answer', hints: [`aws s3api head-bucket --bucket ${bucket}`] };
    case 'aborted':
    case 'missing':
    case 'refused':
      return { text: `S3 refuses what needs ${permission}`, hints: [`aws s3api head-bucket --bucket ${bucket}`] };
  }
}
