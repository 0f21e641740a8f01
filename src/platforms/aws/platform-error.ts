import { ExhibitError } from '../../model/errors.js';
import type { AwsFailure } from './aws-failure.js';
import { type AwsSettings, loginHints } from './client-settings.js';
import { interruptedBy } from './interrupted-by.js';

interface FailedCall {
  readonly settings: AwsSettings;
  readonly signal: AbortSignal | undefined;
  /** What it was about: an instance, a region, `AWS`. */
  readonly subject: string;
  /** As an IAM policy names it. */
  readonly permission: string;
}

const CODES = {
  clock: 'PLATFORM_UNAUTHENTICATED',
  configuration: 'CONFIG_INVALID',
  credentials: 'PLATFORM_UNAUTHENTICATED',
  denied: 'PLATFORM_DENIED',
  missing: 'PLATFORM_FAILED',
  refused: 'PLATFORM_FAILED',
  throttled: 'PLATFORM_UNREACHABLE',
  unreachable: 'PLATFORM_UNREACHABLE',
} as const;

const QUOTA = /(?:Limit|Quota)Exceeded(?:Exception)?$/;

/** A failure of a call to EC2 and its neighbours as what a `Platform` throws, with its cause and no credential in it. */
export function platformError(failure: AwsFailure, call: FailedCall): ExhibitError {
  const { subject, settings, signal } = call;
  if (failure.kind === 'aborted') return interruptedBy(signal, subject);
  const isQuota = failure.kind === 'refused' && QUOTA.test(failure.name);
  const { text, hints } = isQuota
    ? { text: `a quota of the account is used up: ${call.permission}`, hints: ['aws service-quotas list-services'] }
    : explained(failure, { settings, permission: call.permission });
  return new ExhibitError(isQuota ? 'PLATFORM_DENIED' : CODES[failure.kind], `${text} ${referenceOf(failure)}`, {
    subject,
    hints,
    retryable: failure.kind === 'throttled' || failure.kind === 'unreachable',
    cause: failure.cause,
  });
}

/** `(UnauthorizedOperation, request 1b2c)` */
export function referenceOf({ name, requestId }: AwsFailure): string {
  return `(${name}${requestId === null ? '' : `, request ${requestId}`})`;
}

/** What went wrong in one sentence without a full stop, and what to do about it. */
export function explained(
  { kind, status }: AwsFailure,
  { settings, permission }: { readonly settings: AwsSettings; readonly permission: string },
): { readonly text: string; readonly hints: readonly string[] } {
  const login = loginHints(settings);
  switch (kind) {
    case 'denied':
      return { text: `AWS does not allow ${permission}`, hints: login.slice(1) };
    case 'credentials':
      return { text: 'AWS accepts no credentials of ours: there are none, or they have expired', hints: login };
    case 'configuration':
      return { text: 'the AWS configuration names no region or no such profile', hints: ['aws configure list'] };
    case 'clock':
      return { text: "AWS refuses because this machine's clock is wrong", hints: ['timedatectl'] };
    case 'throttled':
      return { text: `AWS asks to slow down with ${permission}, and kept asking`, hints: login.slice(1) };
    case 'unreachable':
      return {
        text:
          status === null
            ? 'AWS cannot be reached, or what answers is not AWS'
            : 'AWS failed, or what answers is not AWS',
        hints: login.slice(1),
      };
    case 'aborted':
    case 'missing':
    case 'refused':
      return { text: `AWS refuses ${permission}`, hints: login.slice(1) };
  }
}
