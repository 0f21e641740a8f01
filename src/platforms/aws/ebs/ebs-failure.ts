import { ExhibitError } from '../../../model/errors.js';
import { type AwsFailure, awsFailure } from '../aws-failure.js';
import { type AwsSettings, loginHints } from '../client-settings.js';

/**
 * `again`: the same request may succeed. `block-token` and `page-token`: what the service gave us for the way on is no longer taken; a new
 * list gives new ones. `final`: asking again does not help.
 */
type EbsFailureKind = 'throttled' | 'again' | 'block-token' | 'page-token' | 'final';

export interface EbsFailure {
  readonly kind: EbsFailureKind;
  /** What the service names as the reason, `SNAPSHOT_NOT_FOUND`; empty where it names none. */
  readonly reason: string;
  readonly aws: AwsFailure;
}

const THROTTLES = new Set(['RequestThrottledException', 'RequestThrottled', 'ConcurrentLimitExceededException']);

function reasonOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  const reason: unknown = Reflect.get(thrown, 'Reason');
  return typeof reason === 'string' && /^[A-Z_]{1,64}$/.test(reason) ? reason : '';
}

function kindOf({ kind, name, status }: AwsFailure, reason: string): EbsFailureKind {
  if (kind === 'aborted') return 'final';
  if (kind === 'throttled' || THROTTLES.has(name)) return 'throttled';
  if (reason === 'INVALID_BLOCK_TOKEN') return 'block-token';
  if (reason === 'INVALID_PAGE_TOKEN') return 'page-token';
  if (kind === 'unreachable' || (status !== null && status >= 500)) return 'again';
  return 'final';
}

export function ebsFailure(thrown: unknown): EbsFailure {
  const aws = awsFailure(thrown);
  const reason = reasonOf(thrown);
  return { kind: kindOf(aws, reason), reason, aws };
}

/** What a call is about, for its error. */
export interface EbsCall {
  /** As an IAM policy names it. */
  readonly permission: string;
  readonly snapshot: string;
}

/** Reasons that the rights of somebody are the matter and not the request. */
const UNSUITABLE: Readonly<Record<string, string>> = {
  SNAPSHOT_NOT_FOUND: 'there is no such snapshot in this region, or it is not completed',
  INVALID_SNAPSHOT_ID: 'that is not the id of a snapshot whose blocks can be read',
  UNRELATED_SNAPSHOTS: 'the two snapshots are not of the same volume, so that EBS cannot compare them',
};

function hintsOf({ reason }: EbsFailure, { snapshot }: EbsCall): readonly string[] {
  if (reason === 'UNRELATED_SNAPSHOTS')
    return ['exhibit snapshot hash FIRST', 'exhibit snapshot hash SECOND', 'exhibit snapshot diff FILE FILE'];
  return [`aws ec2 describe-snapshots --snapshot-ids ${snapshot}`];
}

const TEXTS = {
  clock: 'EBS refuses because the clock of this machine is wrong',
  configuration: 'the AWS configuration names no region or no such profile',
  credentials: 'AWS accepts no credentials of ours: there are none, or they have expired',
} as const;

const GO_ON = 'The same command goes on, or begins anew where nothing was kept.';

/** The failure of a call as what a `BlockSource` throws. */
export function ebsError(failure: EbsFailure, call: EbsCall, settings: AwsSettings): ExhibitError {
  const { aws, reason } = failure;
  const detail = [aws.name, reason, aws.requestId === null ? '' : `request ${aws.requestId}`].filter(
    (one) => one !== '',
  );
  const options = { subject: call.snapshot, cause: aws.cause };
  const says = (text: string): string => `${text} (${detail.join(', ')})`;
  const unsuitable = UNSUITABLE[reason] ?? (aws.kind === 'missing' ? UNSUITABLE['SNAPSHOT_NOT_FOUND'] : undefined);
  if (unsuitable !== undefined)
    return new ExhibitError('PLATFORM_UNSUITABLE', says(unsuitable), { ...options, hints: hintsOf(failure, call) });
  if (failure.kind === 'throttled')
    return new ExhibitError('PLATFORM_UNREACHABLE', says('EBS asks to slow down, and kept asking'), {
      ...options,
      ...{ retryable: true, safe: GO_ON },
    });
  switch (aws.kind) {
    case 'denied':
      return new ExhibitError('PLATFORM_DENIED', says(`AWS does not allow ${call.permission}`), {
        ...{ ...options, hints: [...loginHints(settings).slice(1), 'aws kms describe-key --key-id KEY'] },
      });
    case 'credentials':
    case 'clock':
    case 'configuration': {
      const hints = aws.kind === 'credentials' ? loginHints(settings) : ['aws configure list', 'timedatectl'];
      return new ExhibitError('PLATFORM_UNAUTHENTICATED', says(TEXTS[aws.kind]), { ...options, hints, safe: GO_ON });
    }
    case 'unreachable':
      return new ExhibitError('PLATFORM_UNREACHABLE', says('EBS cannot be reached, or does not answer as EBS'), {
        ...{ ...options, hints: hintsOf(failure, call), retryable: true, safe: GO_ON },
      });
    default:
      return new ExhibitError('PLATFORM_FAILED', says(`EBS refuses what needs ${call.permission}`), {
        ...{ ...options, hints: hintsOf(failure, call) },
      });
  }
}
