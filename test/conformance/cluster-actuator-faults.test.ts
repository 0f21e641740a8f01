/** The actuator against answers that are lost, late or not what they should be. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/fault.js';
import { type ActuatorUnderTest, configMap, EVERYTHING, metadataOf, openActuator } from './actuator-harness.js';
import { failureOf } from './cluster-reader-harness.js';
import { openSandbox, type SandboxUnderTest } from './sandbox-client.js';

const path = /configmaps/;
const REF = configMap('made');
const OBJECT = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' }, data: { a: '1' } };

let sandbox: SandboxUnderTest | undefined;
afterEach(async () => {
  await sandbox?.stop();
  sandbox = undefined;
});

async function suffer(faults: readonly object[], requestTimeoutMs?: number): Promise<ActuatorUnderTest> {
  sandbox = await openSandbox({
    rules: EVERYTHING,
    faults: faults.map((fault) => ({ path, ...fault }) as Fault),
  });
  return await openActuator(sandbox.kubeconfigPath, requestTimeoutMs === undefined ? {} : { requestTimeoutMs });
}

const methods = (): string[] => (sandbox?.requests() ?? []).map(({ method }) => method);

describe('a change whose answer is lost', () => {
  it.each([
    ['cut in the head', { kind: 'reset' }],
    ['cut in the body', { kind: 'cut', afterBytes: 20 }],
    ['too short', { kind: 'early-end', afterBytes: 20 }],
    ['silent', { kind: 'no-answer' }],
    ['stalled', { kind: 'stall', afterBytes: 20 }],
    ['a page for people', { kind: 'html' }],
    ['no JSON', { kind: 'not-json' }],
    ['a failure of the server', { kind: 'status', status: 500 }],
    ['a gateway that lost the server', { kind: 'status', status: 504 }],
  ] as const)('is unknown, and is not made twice: %s', async (_what, fault) => {
    const { actuator, calls } = await suffer([{ ...fault, method: 'POST' }], 300);
    const answer = await actuator.create(REF, OBJECT);
    expect(answer).toMatchObject({ outcome: 'unknown', attempts: 1 });
    expect(methods()).toEqual(['POST']);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.end).not.toBe(null);
    // Reading back is how it is known: the sandbox did make it before the answer was spoilt.
    expect(await actuator.get(REF)).toMatchObject({ outcome: 'done', object: { data: { a: '1' } } });
  });

  it('is not made twice when it is a patch', async () => {
    const { actuator } = await suffer([{ kind: 'reset', method: 'PATCH' }]);
    const { resourceVersion } = metadataOf(await actuator.create(REF, OBJECT));
    const patch = { type: 'merge', patch: { data: { a: '2' } } } as const;
    expect(await actuator.patch(REF, patch, { resourceVersion })).toMatchObject({ outcome: 'unknown', attempts: 1 });
    expect(methods()).toEqual(['POST', 'PATCH']);
  });

  it('is asked for again when it is a deletion by uid, and only then', async () => {
    const { actuator, pauses } = await suffer([{ kind: 'reset', method: 'DELETE', times: 1 }]);
    const { uid } = metadataOf(await actuator.create(REF, OBJECT));
    expect(await actuator.delete(REF, { uid })).toMatchObject({
      outcome: 'refused',
      attempts: 2,
      refusal: { kind: 'not-found' },
    });
    expect(pauses).toHaveLength(1);
    const blind = await suffer([{ kind: 'reset', method: 'DELETE' }]);
    expect(await blind.actuator.delete(REF, { uid: null })).toMatchObject({ outcome: 'unknown', attempts: 1 });
  });

  it('is asked for again when it is a dry run', async () => {
    const { actuator } = await suffer([{ kind: 'status', status: 503, times: 2 }]);
    expect(await actuator.create(REF, OBJECT, { dryRun: true })).toMatchObject({ outcome: 'done', attempts: 3 });
    expect(methods()).toEqual(['POST', 'POST', 'POST']);
  });
});

describe('a change that was not begun', () => {
  it('is made again after 429, when the server says', async () => {
    const { actuator, pauses } = await suffer([{ kind: 'status', status: 429, retryAfterSeconds: 1, times: 1 }]);
    expect(await actuator.create(REF, OBJECT)).toMatchObject({ outcome: 'done', attempts: 2 });
    expect(pauses).toEqual([expect.any(Number)]);
    expect(pauses[0]).toBeGreaterThanOrEqual(1000);
  });

  it('is refused when the server goes on asking for patience', async () => {
    const { actuator } = await suffer([{ kind: 'status', status: 429 }]);
    expect(await actuator.create(REF, OBJECT)).toMatchObject({
      outcome: 'refused',
      attempts: 4,
      refusal: { kind: 'throttled' },
    });
  });

  it('is made again once with another credential after 401, under another audit id', async () => {
    const { actuator, calls } = await suffer([{ kind: 'status', status: 401, times: 1 }]);
    expect(await actuator.create(REF, OBJECT)).toMatchObject({ outcome: 'done', attempts: 2 });
    expect(new Set(calls.map((call) => call.start.auditIdSent)).size).toBe(2);
    const twice = await suffer([{ kind: 'status', status: 401 }]);
    expect(await failureOf(twice.actuator.create(REF, OBJECT))).toMatchObject({ code: 'CLUSTER_UNAUTHENTICATED' });
  });

  it('throws when there is nobody to send it to, after trying again', async () => {
    const { actuator, calls } = await suffer([]);
    await sandbox?.stop();
    expect(await failureOf(actuator.create(REF, OBJECT))).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(calls).toHaveLength(4);
    expect(calls.every((call) => call.end?.status === null && call.end.error !== null)).toBe(true);
    sandbox = undefined;
  });

  it('throws when it is interrupted before', async () => {
    const { actuator } = await suffer([]);
    const signal = AbortSignal.abort();
    expect(await failureOf(actuator.create(REF, OBJECT, { signal }))).toMatchObject({ code: 'INTERRUPTED' });
    expect(methods()).toEqual([]);
  });
});

describe('a read', () => {
  it.each([
    ['cut', { kind: 'cut', afterBytes: 20 }, 'CUT'],
    ['silent', { kind: 'no-answer' }, 'TIMEOUT'],
    ['torn down', { kind: 'reset' }, 'CLUSTER_UNREACHABLE'],
  ] as const)('is never unknown: %s', async (_what, fault, code) => {
    const { actuator } = await suffer([{ ...fault, method: 'GET' }], 300);
    expect(await failureOf(actuator.get(REF))).toMatchObject({ code });
  });
});

it('uses a connection of its own for each change', async () => {
  const { actuator } = await suffer([]);
  await actuator.create(REF, OBJECT);
  await actuator.get(REF);
  await actuator.delete(REF, { uid: null });
  expect(new Set(sandbox?.requests().map(({ connection }) => connection)).size).toBe(3);
});

it.each(['../secrets', 'a/b', '', 'a?b', '..', 'a%2fb'])('takes %j for no name', async (name) => {
  const { actuator } = await suffer([]);
  expect(await failureOf(actuator.get(configMap(name)))).toMatchObject({ code: 'INTERNAL' });
  expect(methods()).toEqual([]);
});
