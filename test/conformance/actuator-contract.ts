import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ObjectRef } from '../../src/ports/cluster-actuator.js';
import { type ActuatorUnderTest, configMap, metadataOf, openActuator, pod } from './actuator-harness.js';

export interface ActuatorWorld {
  /** Of somebody who may do everything. */
  readonly kubeconfig: string;
  /** Of somebody who may only read. */
  readonly forbidden: string;
  readonly image: string;
}

/** What src/ports/cluster-actuator.ts promises where nothing goes wrong. What it makes in `default` begins with `exhibit-contract-`. */
export function describeActuatorContract(open: () => Promise<ActuatorWorld>): void {
  let world: ActuatorWorld;
  let under: ActuatorUnderTest;
  let forbidden: ActuatorUnderTest;
  const made: ObjectRef[] = [];
  let count = 0;
  beforeAll(async () => {
    world = await open();
    under = await openActuator(world.kubeconfig);
    forbidden = await openActuator(world.forbidden);
  });
  afterAll(async () => {
    for (const ref of made) await under.actuator.delete(ref, { uid: null, gracePeriodSeconds: 0 });
    under.actuator.close();
    forbidden.actuator.close();
    expect(under.calls.filter((call) => call.end === null)).toEqual([]);
  });

  const fresh = (of: typeof configMap): ObjectRef => {
    const ref = of(`exhibit-contract-${process.pid}-${++count}`);
    made.push(ref);
    return ref;
  };
  const configMapOf = ({ name, namespace }: ObjectRef) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { stage: 'first' } },
    data: { a: '1' },
  });
  const podOf = ({ name, namespace }: ObjectRef) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: [{ name: 'main', image: world.image, command: ['sleep', '1000'] }] },
  });
  const create = async (ref = fresh(configMap)) => {
    const answer = await under.actuator.create(ref, configMapOf(ref));
    return { ref, answer, ...metadataOf(answer) };
  };

  it('creates, reads back, and signs as field manager', async () => {
    const { ref, answer, uid, managedFields } = await create();
    expect(answer).toMatchObject({ outcome: 'done', status: 201, method: 'POST', attempts: 1, warnings: [] });
    expect(uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(managedFields?.map(({ manager }) => manager)).toEqual(['exhibit']);
    const read = await under.actuator.get(ref);
    expect(read).toMatchObject({ outcome: 'done', status: 200, object: { kind: 'ConfigMap', data: { a: '1' } } });
    expect(metadataOf(read).uid).toBe(uid);
  });

  it('logs each call once under its audit id, over a connection of its own', async () => {
    const { answer } = await create();
    const logged = under.calls.filter((call) => call.start.auditIdSent === answer.auditId);
    expect(logged).toHaveLength(1);
    expect(logged[0]?.start).toMatchObject({ method: 'POST', url: answer.url, sentAt: answer.sentAt });
    expect(logged[0]?.end).toMatchObject({ status: 201, sha256: answer.bodySha256, auditIdAnswered: answer.auditId });
    expect(answer.url).toMatch(/\/api\/v1\/namespaces\/default\/configmaps\?fieldManager=exhibit$/);
  });

  it('keeps nothing of a dry run', async () => {
    const ref = fresh(configMap);
    expect(await under.actuator.create(ref, configMapOf(ref), { dryRun: true })).toMatchObject({ outcome: 'done' });
    expect(await under.actuator.get(ref)).toMatchObject({ outcome: 'refused', refusal: { kind: 'not-found' } });
  });

  it('does not create twice', async () => {
    const { ref } = await create();
    expect(await under.actuator.create(ref, configMapOf(ref))).toMatchObject({
      outcome: 'refused',
      status: 409,
      refusal: { kind: 'already-exists', reason: 'AlreadyExists', message: `configmaps "${ref.name}" already exists` },
    });
  });

  it('says what is missing: the object, the namespace, the resource', async () => {
    const ref = configMap('exhibit-contract-none');
    for (const answer of [
      await under.actuator.get(ref),
      await under.actuator.delete(ref, { uid: null }),
      await under.actuator.patch(ref, { type: 'merge', patch: { data: {} } }, { resourceVersion: null }),
    ]) {
      expect(answer).toMatchObject({
        outcome: 'refused',
        status: 404,
        refusal: { kind: 'not-found', reason: 'NotFound' },
      });
    }
    const nowhere = configMap('x', 'exhibit-contract-nowhere');
    expect(await under.actuator.create(nowhere, configMapOf(nowhere))).toMatchObject({
      status: 404,
      refusal: { kind: 'not-found', message: 'namespaces "exhibit-contract-nowhere" not found' },
    });
  });

  it('hands an invalid object back with its causes', async () => {
    const ref = fresh(configMap);
    const nameless = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} };
    const answer = await under.actuator.create(ref, nameless);
    expect(answer).toMatchObject({ outcome: 'refused', status: 422, refusal: { kind: 'invalid', reason: 'Invalid' } });
    expect(answer.outcome === 'refused' && answer.refusal.causes.map(({ field }) => field)).toEqual(['metadata.name']);
  });

  it.each(['merge', 'json'] as const)('patches by %s what it looked at, and nothing newer', async (type) => {
    const { ref, resourceVersion } = await create();
    const patch = (stage: string) =>
      type === 'merge'
        ? ({ type, patch: { metadata: { labels: { stage } }, data: { a: null, b: '2' } } } as const)
        : ({
            type,
            operations: [
              { op: 'replace', path: '/metadata/labels/stage', value: stage },
              { op: 'remove', path: '/data/a' },
              { op: 'add', path: '/data/b', value: '2' },
            ],
          } as const);
    const first = await under.actuator.patch(ref, patch('second'), { resourceVersion });
    expect(first).toMatchObject({ outcome: 'done', status: 200, object: { data: { b: '2' } } });
    expect(metadataOf(first).labels).toEqual({ stage: 'second' });
    expect(metadataOf(first).resourceVersion).not.toBe(resourceVersion);
    const stale = { type: 'merge', patch: { metadata: { labels: { stage: 'third' } } } } as const;
    const second = await under.actuator.patch(
      ref,
      type === 'merge'
        ? stale
        : { type, operations: [{ op: 'replace', path: '/metadata/labels/stage', value: 'third' }] },
      { resourceVersion },
    );
    expect(second).toMatchObject({
      outcome: 'refused',
      status: 409,
      refusal: { kind: 'conflict', reason: 'Conflict' },
    });
    expect(second.outcome === 'refused' && second.refusal.message).toContain('the object has been modified');
    expect(metadataOf(await under.actuator.get(ref)).labels).toEqual({ stage: 'second' });
  });

  it('does not apply a patch whose own test fails', async () => {
    const { ref } = await create();
    const operations = [
      { op: 'test', path: '/data/a', value: 'other' },
      { op: 'replace', path: '/data/a', value: '2' },
    ] as const;
    const answer = await under.actuator.patch(ref, { type: 'json', operations }, { resourceVersion: null });
    expect(answer).toMatchObject({ outcome: 'refused', status: 422, refusal: { kind: 'invalid' } });
    expect(await under.actuator.get(ref)).toMatchObject({ object: { data: { a: '1' } } });
  });

  it('keeps nothing of a dry patch', async () => {
    const { ref } = await create();
    const options = { resourceVersion: null, dryRun: true };
    const answer = await under.actuator.patch(ref, { type: 'merge', patch: { data: { a: '9' } } }, options);
    expect(answer).toMatchObject({ outcome: 'done', object: { data: { a: '9' } } });
    expect(await under.actuator.get(ref)).toMatchObject({ object: { data: { a: '1' } } });
  });

  it('deletes the object that was meant, and not another of its name', async () => {
    const { ref, uid } = await create();
    const wrong = await under.actuator.delete(ref, { uid: '00000000-0000-4000-8000-000000000000' });
    expect(wrong).toMatchObject({ outcome: 'refused', status: 409, refusal: { kind: 'conflict', reason: 'Conflict' } });
    expect(wrong.outcome === 'refused' && wrong.refusal.message).toContain('the UID in the precondition');
    expect(await under.actuator.delete(ref, { uid, dryRun: true })).toMatchObject({ outcome: 'done', status: 200 });
    expect(await under.actuator.get(ref)).toMatchObject({ outcome: 'done' });
    expect(await under.actuator.delete(ref, { uid })).toMatchObject({ outcome: 'done', status: 200 });
    expect(await under.actuator.get(ref)).toMatchObject({ outcome: 'refused', refusal: { kind: 'not-found' } });
  });

  it('deletes a pod at once when it is given no time', async () => {
    const ref = fresh(pod);
    const { uid } = metadataOf(await under.actuator.create(ref, podOf(ref)));
    expect(await under.actuator.delete(ref, { uid, gracePeriodSeconds: 0 })).toMatchObject({
      outcome: 'done',
      status: 200,
    });
    await expect
      .poll(async () => await under.actuator.get(ref), { timeout: 30_000 })
      .toMatchObject({ outcome: 'refused', refusal: { kind: 'not-found' } });
  });

  it('evicts the pod that was meant', async () => {
    const ref = fresh(pod);
    const { uid } = metadataOf(await under.actuator.create(ref, podOf(ref)));
    const where = { namespace: 'default', name: ref.name };
    const wrong = await under.actuator.evict(where, { uid: '00000000-0000-4000-8000-000000000000' });
    expect(wrong).toMatchObject({ outcome: 'refused', status: 409, refusal: { kind: 'conflict' } });
    const done = await under.actuator.evict(where, { uid, gracePeriodSeconds: 0 });
    expect(done).toMatchObject({ outcome: 'done', status: 201, object: { kind: 'Status', status: 'Success' } });
    await expect
      .poll(async () => await under.actuator.get(ref), { timeout: 30_000 })
      .toMatchObject({ outcome: 'refused', refusal: { kind: 'not-found' } });
  });

  it('says which right it takes', async () => {
    const ref = configMap('exhibit-contract-none');
    const answers = [
      await forbidden.actuator.create(ref, configMapOf(ref)),
      await forbidden.actuator.delete(ref, { uid: null }),
      await forbidden.actuator.patch(ref, { type: 'merge', patch: {} }, { resourceVersion: null }),
      await forbidden.actuator.evict({ namespace: 'default', name: 'nope' }, { uid: null }),
    ];
    for (const answer of answers)
      expect(answer).toMatchObject({ outcome: 'refused', status: 403, refusal: { kind: 'forbidden' } });
    const rights = answers.map((answer) => (answer.outcome === 'refused' ? answer.refusal.right : null));
    expect(rights).toEqual([
      { verb: 'create', group: '', resource: 'configmaps', namespace: 'default', name: '' },
      { verb: 'delete', group: '', resource: 'configmaps', namespace: 'default', name: ref.name },
      { verb: 'patch', group: '', resource: 'configmaps', namespace: 'default', name: ref.name },
      { verb: 'create', group: '', resource: 'pods/eviction', namespace: 'default', name: 'nope' },
    ]);
  });
}
