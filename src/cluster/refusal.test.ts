import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExecStatus } from './exec-status.js';
import { parseWarnings } from './parse-warnings.js';
import { refusalError } from './refusal-error.js';
import { refusalOf } from './refusal.js';

const right = { verb: 'create', group: '', resource: 'pods', namespace: 'a', name: '' };
const asked = { right, nowMs: 0 };

function refusal(status: number, reason: string, message: string, causes: readonly object[] = []) {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, details: { causes } };
  return refusalOf({ status, headers: {} }, Buffer.from(JSON.stringify(body)), asked);
}

describe('what a refusal is', () => {
  // Sentences of a 1.34 server.
  it.each([
    [
      403,
      'Forbidden',
      'pods is forbidden: User "v" cannot create resource "pods" in API group "" in the namespace "a"',
      'forbidden',
    ],
    [
      403,
      'Forbidden',
      'pods "x" is forbidden: User "v" cannot get resource "pods/exec" in API group "" in the namespace "a"',
      'forbidden',
    ],
    [
      403,
      'Forbidden',
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostPID=true)',
      'admission',
    ],
    [
      403,
      'Forbidden',
      'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
      'admission',
    ],
    [
      403,
      'Forbidden',
      'pods "x" is forbidden: unable to create new content in namespace a because it is being terminated',
      'admission',
    ],
    [
      422,
      'Invalid',
      "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
      'admission',
    ],
    [400, 'BadRequest', 'admission webhook "w.test" denied the request: no', 'admission'],
    [
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "w.test": context deadline exceeded',
      'admission',
    ],
    [500, 'InternalError', 'Internal error occurred: etcdserver: request timed out', 'server'],
    [409, 'AlreadyExists', 'pods "x" already exists', 'already-exists'],
    [409, 'Conflict', 'Operation cannot be fulfilled on pods "x": the object has been modified', 'conflict'],
    [404, 'NotFound', 'pods "x" not found', 'not-found'],
    [422, 'Invalid', 'Pod "x" is invalid: spec.containers: Required value', 'invalid'],
    [429, 'TooManyRequests', 'Too many requests, please try again later.', 'throttled'],
    [405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', 'not-supported'],
  ] as const)('%i %s: %s', (status, reason, message, kind) => {
    expect(refusal(status, reason, message)).toMatchObject({ kind, status, reason, message });
  });

  it('is a budget where a budget is the cause, not the throttle that shares its status', () => {
    const cause = { reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods' };
    const words = "Cannot evict pod as it would violate the pod's disruption budget.";
    expect(refusal(429, 'TooManyRequests', words, [cause]).kind).toBe('disruption-budget');
  });

  it('names the verb that the server missed, which may not be the one that we asked for', () => {
    const words = 'pods "x" is forbidden: User "v" cannot patch resource "pods" in API group "" in the namespace "a"';
    expect(refusal(403, 'Forbidden', words).right.verb).toBe('patch');
  });

  it('is told with the words of the server and a command to copy, and neither can reach the terminal', () => {
    const words = 'pods is forbidden: User "\u001b[2Jv" cannot create resource "pods" in API group ""';
    const error = refusalError(refusal(403, 'Forbidden', words), 'a');
    expect(error).toMatchObject({ code: 'CLUSTER_FORBIDDEN', hints: ['kubectl auth can-i create pods -n a'] });
    expect(error.message).not.toContain('\u001b');
    const odd = { ...refusal(403, 'Forbidden', words), right: { ...right, resource: 'pods; rm -rf /' } };
    expect(refusalError(odd, 'a').hints).toEqual([]);
  });

  it('survives any bytes', () => {
    const bodies = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), bodies, (status, body) => {
        const found = refusalOf({ status, headers: { 'retry-after': body.toString('latin1') } }, body, asked);
        expect(found.message.length).toBeLessThanOrEqual(8192);
        expect(refusalError(found, 'a').exitCode).toBeGreaterThan(1);
        expect([null, 'object']).toContain(parseExecStatus(body) === null ? null : 'object');
        expect(parseWarnings(body.toString('latin1')).length).toBeLessThanOrEqual(32);
      }),
    );
  });
});

it('reads warnings, one or joined, with their quotes', () => {
  expect(parseWarnings(undefined)).toEqual([]);
  expect(parseWarnings('299 - "would violate PodSecurity \\"restricted:latest\\": a, b", 299 - "second"')).toEqual([
    'would violate PodSecurity "restricted:latest": a, b',
    'second',
  ]);
});

it('takes an exit code from nothing but the frame of a program that failed', () => {
  const frame = (value: unknown): ReturnType<typeof parseExecStatus> =>
    parseExecStatus(Buffer.from(JSON.stringify(value)));
  const causes = [{ reason: 'ExitCode', message: '7' }];
  expect(frame({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } })?.exitCode).toBe(7);
  expect(frame({ status: 'Failure', reason: 'InternalError', details: { causes } })?.exitCode).toBe(null);
  expect(frame({ status: 'Success', reason: 'NonZeroExitCode', details: { causes } })?.exitCode).toBe(0);
  expect(frame({ kind: 'Status' })).toBe(null);
});
