import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsFailure, type AwsFailureKind } from './aws-failure.js';

function errorOf(name: string, fields: Readonly<Record<string, unknown>> = {}, message = 'said'): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode, requestId: 'r-1' } });

describe('what an SDK error says', () => {
  it.each<readonly [string, Error, AwsFailureKind]>([
    ['an expired session', errorOf('ExpiredTokenException', status(400)), 'credentials'],
    ['no credentials at all', errorOf('CredentialsProviderError'), 'credentials'],
    [
      'an SSO session without a name of its own',
      errorOf('Error', {}, 'The SSO session token has expired'),
      'credentials',
    ],
    ['a refused permission', errorOf('AccessDeniedException', status(400)), 'denied'],
    ['a bodyless 403 of HEAD', errorOf('Unknown', status(403)), 'denied'],
    ['a bodyless 404 of HEAD', errorOf('NotFound', status(404)), 'missing'],
    ['a clock that is wrong', errorOf('RequestTimeTooSkewed', status(403)), 'clock'],
    ['a service that is asked too often', errorOf('SlowDown', status(503)), 'throttled'],
    ['a service that fails', errorOf('Whatever', status(500)), 'unreachable'],
    ['nobody listening', errorOf('Error', { code: 'ECONNREFUSED' }), 'unreachable'],
    ['several addresses and nobody listening', errorOf('AggregateError', { code: 'ECONNREFUSED' }), 'unreachable'],
    ['a certificate of somebody else', errorOf('Error', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'unreachable'],
    ['silence', errorOf('TimeoutError'), 'unreachable'],
    ['a portal that answers in HTML', errorOf('SyntaxError'), 'unreachable'],
    ['no region', errorOf('Error', {}, 'Region is missing'), 'configuration'],
    ['an interruption', errorOf('AbortError'), 'aborted'],
    ['a key that is disabled', errorOf('DisabledException', status(400)), 'refused'],
  ])('%s', (_, error, kind) => {
    expect(awsFailure(error).kind).toBe(kind);
  });

  it('keeps neither access keys nor anything as long as a secret or a signature', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY0';
    const error = errorOf(
      'InvalidAccessKeyId',
      status(403),
      `key AKIAIOSFODNN7EXAMPLE and ${secret} ${'f'.repeat(64)}`,
    );
    const { cause } = awsFailure(error);
    expect(cause.message).toBe('InvalidAccessKeyId: key [access key] and [removed] [removed]');
    expect(JSON.stringify(cause)).toBe('{}');
  });

  it('is bounded and well-formed whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ maxLength: 2000 }), fc.string(), (thrown, message, name) => {
        const extra = typeof thrown === 'object' && thrown !== null ? { $metadata: thrown } : {};
        for (const error of [thrown, errorOf(name, { ...extra, Code: name, code: name }, message)]) {
          const failure = awsFailure(error);
          expect(failure.name).toMatch(/^[A-Za-z0-9_.]{1,64}$/);
          expect(failure.cause.message.length).toBeLessThan(400);
        }
      }),
    );
  });
});
