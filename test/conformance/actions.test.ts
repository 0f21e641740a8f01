/** What every kind of action promises: done once, found again after a crash, taken back from its record, never over the work of others. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlannedStep } from '../../src/model/action.js';
import { applyPlan } from '../../src/plan/apply-plan.js';
import { tryStep } from '../../src/plan/apply-step.js';
import { Patience } from '../../src/plan/patience.js';
import type { PlanRunDeps } from '../../src/plan/plan-run.js';
import { releasePlan, type ReleaseOptions } from '../../src/plan/release-plan.js';
import { FakeActuator } from '../fakes/fake-actuator.js';
import { Fuse, orCrash, PlanBench } from './plan-bench.js';
import { ACTION_EXAMPLES, KINDS_WITHOUT_EXAMPLE, stepOf, worldOf } from './action-kinds-table.js';

const TARGET = { name: 'node worker', uids: ['u-node'], clusterUid: 'c', level: 'hold', asked: '' } as const;
const ALL: ReleaseOptions = { readopt: false, only: null, forced: [] };

let bench: PlanBench;
beforeEach(() => {
  bench = new PlanBench();
});
afterEach(async () => {
  await bench.close();
});

const openJournal = async () => await bench.openJournal();
const start = async (world: FakeActuator, fuse?: Fuse) => await bench.start({ actuator: world.actuator }, fuse);

it('has an example of each kind', () => {
  expect(KINDS_WITHOUT_EXAMPLE).toEqual([]);
});

describe.each(ACTION_EXAMPLES)('$kind', (example) => {
  const { subject, byOthers, isCompensated = false, isIrreversible = false } = example;
  const { resource, name, namespace } = subject;
  const step = stepOf(example);

  /** A cluster with the plan written down and nothing done. */
  const planned = async () => {
    const world = worldOf(example);
    const original = world.snapshot();
    const { journal } = await start(world);
    await journal.begin('p1', TARGET, [step]);
    return { world, original };
  };
  /** The same, done. */
  const done = async () => {
    const { world, original } = await planned();
    const { deps } = await start(world);
    const reports = await applyPlan('p1', deps);
    return { world, original, applied: world.snapshot(), reports };
  };
  const others = (world: FakeActuator) => world.change(resource, name, byOthers, namespace ?? '');

  it('is done with one call, read back, and written down before and after', async () => {
    const { world } = await planned();
    const { deps, recorded } = await start(world);
    expect(await applyPlan('p1', deps)).toMatchObject([{ outcome: 'applied', now: step.intended }]);
    expect(world.writes).toHaveLength(1);
    expect(recorded).toMatchObject([
      { kind: step.kind, before: step.before, intended: step.intended, reversibility: step.reversibility },
      { kind: step.kind, outcome: 'done', after: step.intended, auditIds: [expect.stringMatching(/^audit-/)] },
    ]);
    expect((await openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'done', mayHaveChanged: true }]);
  });

  if (!isIrreversible)
    it('is in custody log and journal before it is written, done and undone', async () => {
      const { world } = await planned();
      const doing = await start(world);
      await applyPlan('p1', doing.deps);
      expect(doing.trace).toEqual(['custody action', 'journal started', 'write', 'custody effect', 'journal done']);
      const undoing = await start(world);
      await releasePlan('p1', ALL, undoing.deps);
      expect(undoing.trace).toEqual([
        ...['custody action', 'journal undo-started', 'write', 'custody effect', 'journal undone'],
      ]);
    });

  it('is left to whoever did it before us, also by a release', async () => {
    const { world: whole } = await done();
    bench.renew();
    const { world } = await planned();
    for (const [key, object] of whole.objects) world.objects.set(key, object);
    const theirs = world.snapshot();
    expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ outcome: 'found' }]);
    expect((await openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'done', mayHaveChanged: false }]);
    expect(await releasePlan('p1', { ...ALL, readopt: true }, (await start(world)).deps)).toEqual([]);
    expect(world.writes).toEqual([]);
    expect(world.snapshot()).toEqual(theirs);
  });

  it('is not done twice', async () => {
    const { world, applied } = await done();
    const { deps } = await start(world);
    expect(await applyPlan('p1', deps)).toMatchObject([{ outcome: 'held' }]);
    expect(world.writes).toHaveLength(1);
    expect(world.snapshot()).toEqual(applied);
  });

  if (!isIrreversible)
    it('is undone to what was there before, and undoing twice changes nothing more', async () => {
      const { world, original, applied } = await done();
      expect(applied).not.toEqual(original);
      const { deps } = await start(world);
      const undone = await releasePlan('p1', { ...ALL, readopt: isCompensated }, deps);
      expect(undone).toMatchObject([{ outcome: 'undone' }]);
      expect(world.snapshot()).toEqual(original);
      expect(world.writes).toHaveLength(2);
      const again = await start(world);
      await releasePlan('p1', ALL, again.deps);
      expect(world.writes).toHaveLength(2);
      expect((await openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'undone', mayHaveChanged: false }]);
    });

  if (!isIrreversible)
    it('leaves no trace of ours in what it compensates only', async () => {
      const { world, original } = await done();
      const { deps } = await start(world);
      await releasePlan('p1', ALL, deps);
      if (isCompensated) expect(world.snapshot()).not.toEqual(original);
      else expect(world.snapshot()).toEqual(original);
      expect(JSON.stringify(world.snapshot())).not.toContain('k7m2p9');
    });

  it('goes on after a crash at every point, and leaves the same cluster', async () => {
    const { world: whole, applied } = await done();
    const points = 2 * whole.writes.length + 8;
    for (const after of [false, true]) {
      for (let at = 1; at <= points; at += 1) {
        bench.renew();
        const { world } = await planned();
        const dying = await start(world, new Fuse(at, after));
        await orCrash(applyPlan('p1', dying.deps));
        const next = await start(world);
        expect(await applyPlan('p1', next.deps), `crash ${String(at)}`).toHaveLength(1);
        expect(world.snapshot()).toEqual(applied);
        expect(next.journal.plan('p1')?.steps).toMatchObject([{ state: 'done' }]);
      }
    }
  });

  if (!isIrreversible)
    it('is taken back after a crash at every point of doing it, and of taking it back', async () => {
      for (const after of [false, true]) {
        for (let at = 1; at <= 9; at += 1) {
          bench.renew();
          const { world, original } = await planned();
          await orCrash(applyPlan('p1', (await start(world, new Fuse(at, after))).deps));
          await orCrash(releasePlan('p1', { ...ALL, readopt: true }, (await start(world, new Fuse(at, after))).deps));
          const next = await start(world);
          await releasePlan('p1', { ...ALL, readopt: true }, next.deps);
          expect(world.snapshot(), `crash ${String(at)}`).toEqual(original);
        }
      }
    });

  it('is judged by what is there when the answer was lost', async () => {
    for (const [fault, calls] of [
      ['lost-done', 1],
      ['lost-undone', 2],
    ] as const) {
      bench.renew();
      const { world } = await planned();
      world.faults.push(fault);
      expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ outcome: 'applied' }]);
      expect(world.writes).toHaveLength(calls);
    }
  });

  it('looks again when somebody else wrote at the same time', async () => {
    const { world } = await planned();
    world.faults.push('conflict', 'conflict');
    expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ outcome: 'applied' }]);
    expect(world.writes).toHaveLength(3);
  });

  it.each([
    ['without the right', 'forbidden'],
    ['where an admission says no, as a webhook may to a label', 'admission'],
  ] as const)('fails, and changes nothing, %s; there is nothing to take back then', async (_, refusal) => {
    const { world, original } = await planned();
    world.faults.push(refusal);
    const { deps, recorded } = await start(world);
    expect(await applyPlan('p1', deps)).toMatchObject([{ outcome: 'failed', why: 'refused' }]);
    expect(recorded.at(-1)).toMatchObject({ outcome: 'refused', detail: `refused: ${refusal}` });
    expect(world.snapshot()).toEqual(original);
    expect((await openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'failed', why: 'refused' }]);
    await releasePlan('p1', { ...ALL, readopt: true }, (await start(world)).deps);
    expect(world.snapshot()).toEqual(original);
  });

  it('says that it failed when the server takes it and does not keep it', async () => {
    const { world, original } = await planned();
    world.faults.push(...Array.from({ length: 9 }, () => 'kept-away' as const));
    expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ outcome: 'failed', why: 'not-kept' }]);
    expect(world.snapshot()).toEqual(original);
  });

  // A node is cordoned or it is not, and a pod is ending or it is not: nobody can leave it in a third state.
  const hasThirdState = step.kind !== 'cordon-node' && !isIrreversible;

  if (!hasThirdState && !isIrreversible)
    it('is taken for undone where others undid it, without a write', async () => {
      const { world, original } = await done();
      others(world);
      expect(world.snapshot()).toEqual(original);
      expect(await releasePlan('p1', ALL, (await start(world)).deps)).toMatchObject([{ outcome: 'undone' }]);
      expect(world.writes).toHaveLength(1);
    });

  if (hasThirdState)
    it('never writes over what others did in between, and shows it', async () => {
      const { world } = await done();
      others(world);
      const changed = world.snapshot();
      const { deps } = await start(world);
      const [report] = await releasePlan('p1', ALL, deps);
      expect(report).toMatchObject({ outcome: 'undo-failed', why: 'changed-by-others' });
      expect(report?.now).not.toEqual(step.intended);
      expect(world.snapshot()).toEqual(changed);
      const forced = await releasePlan('p1', { ...ALL, forced: [1] }, (await start(world)).deps);
      expect(forced).toMatchObject([{ outcome: 'undone' }]);
    });

  if (hasThirdState)
    it('is not done over what others did after the plan was made', async () => {
      const { world } = await planned();
      if (example.object === null) world.put(resource, { metadata: { name, namespace, uid: 'theirs' }, spec: {} });
      else others(world);
      const changed = world.snapshot();
      const { deps } = await start(world);
      expect(await applyPlan('p1', deps)).toMatchObject([{ outcome: 'failed', why: 'changed-by-others' }]);
      expect(world.snapshot()).toEqual(changed);
      expect(world.writes).toEqual([]);
    });

  if (example.object !== null)
    it('is taken off with the object when that is gone or another one', async () => {
      const { world } = await done();
      world.objects.clear();
      expect(await releasePlan('p1', ALL, (await start(world)).deps)).toMatchObject([{ outcome: 'gone' }]);
      expect(world.writes).toHaveLength(1);
    });

  if (example.object !== null && !isIrreversible)
    it('does nothing to one that is gone or another one of that name', async () => {
      const { world } = await planned();
      world.put(resource, { ...example.object, metadata: { ...example.object?.metadata, uid: 'u-other' } });
      expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ why: 'target-replaced' }]);
      world.objects.clear();
      expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ why: 'target-gone' }]);
      expect(world.writes).toEqual([]);
    });

  it('is tried without changing anything', async () => {
    const { world, original } = await planned();
    expect(await tryStep(step, 'p1', world)).toBeNull();
    world.faults.push('admission');
    expect(await tryStep(step, 'p1', world)).toBe('refused: admission');
    expect(world.snapshot()).toEqual(original);
    expect(world.writes.every((write) => write.endsWith('(dry run)'))).toBe(true);
  });
});

describe('an eviction', () => {
  const [example] = ACTION_EXAMPLES.filter(({ kind }) => kind === 'evict-pod');
  if (example === undefined) throw new Error('there is no example');
  const step = stepOf(example);
  const POD = { metadata: { name: 'cart', namespace: 'shop', uid: 'u-other' } };
  const planned = async (steps: readonly PlannedStep[] = [step]) => {
    const world = worldOf(example);
    await (await start(world)).journal.begin('p1', TARGET, steps);
    return world;
  };

  it('is never made a second time, and a release says that the pod is gone, once, without a call', async () => {
    const world = await planned();
    await applyPlan('p1', (await start(world)).deps);
    for (const forced of [[], [1]]) {
      const reports = await releasePlan('p1', { ...ALL, forced }, (await start(world)).deps);
      if (forced.length === 0) expect(reports).toMatchObject([{ outcome: 'gone', detail: step.undo }]);
      else expect(reports).toEqual([]);
    }
    expect(world.writes).toEqual(['EVICT pods/shop/cart']);
    expect((await openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'undone', mayHaveChanged: false }]);
  });

  it.each([
    ['gone', (world: FakeActuator) => world.objects.clear()],
    ['another one of its name', (world: FakeActuator) => world.put('pods', POD)],
  ])('is done where the pod is %s, before us or after us, and never reaches the other', async (_what, leave) => {
    const world = await planned();
    leave(world);
    expect(await applyPlan('p1', (await start(world)).deps)).toMatchObject([{ outcome: 'found' }]);
    expect(world.writes).toEqual([]);
    bench.renew();
    const late = await planned();
    await applyPlan('p1', (await start(late)).deps);
    leave(late);
    expect(await applyPlan('p1', (await start(late)).deps)).toMatchObject([{ outcome: 'held' }]);
    expect(await releasePlan('p1', ALL, (await start(late)).deps)).toMatchObject([{ outcome: 'gone' }]);
    expect(late.writes).toHaveLength(1);
  });

  it('waits while a budget holds it back, in all no longer than there is patience, and stops no other step', async () => {
    const POD_2 = { metadata: { name: 'cart-2', namespace: 'shop', uid: 'u-pod-2' } };
    const second = { ...step, step: 2, subject: { ...step.subject, name: 'cart-2', uid: 'u-pod-2' } };
    const world = await planned([step, second]);
    world.put('pods', POD_2);
    world.faults.push(...Array.from({ length: 4 }, () => 'disruption-budget' as const));
    const pauses: number[] = [];
    const pause = async (ms: number) => await Promise.resolve(pauses.push(ms));
    const { deps } = await start(world);
    const reports = await applyPlan('p1', { ...deps, pause, patience: new Patience(12_000) });
    expect(pauses).toEqual([5000, 5000, 2000]);
    expect(reports).toMatchObject([
      { outcome: 'failed', why: 'not-kept', detail: 'refused: disruption-budget' },
      { outcome: 'applied' },
    ]);
    expect((await openJournal()).plan('p1')?.steps).toMatchObject([{ mayHaveChanged: false }, { state: 'done' }]);
    const again = await applyPlan('p1', (await start(world)).deps);
    expect(again).toMatchObject([{ outcome: 'applied' }, { outcome: 'held' }]);
  });
});

describe('a step that needs another', () => {
  const exampleOf = (kind: string) => ACTION_EXAMPLES.filter((one) => one.kind === kind);
  const [policy, detach] = [...exampleOf('deny-network'), ...exampleOf('detach-pod')].map(stepOf);
  const steps = [policy, { ...detach, step: 2, needs: [1] }] as PlannedStep[];
  const world = () => {
    const made = new FakeActuator();
    for (const { subject, object } of exampleOf('detach-pod')) if (object !== null) made.put(subject.resource, object);
    return made;
  };
  const putBack = (cluster: FakeActuator) => {
    cluster.objects.delete('networkpolicies/shop/deny');
    const labels = { 'kubexhibit.dev/quarantine': null, 'app': 'cart' };
    cluster.change('pods', 'cart', { metadata: { labels } }, 'shop');
  };
  const noPod = (writes: readonly string[]) => writes.filter((write) => write.includes('pods/'));

  it('is not written again when the other was taken away and cannot be made anew', async () => {
    const cluster = world();
    await (await start(cluster)).journal.begin('p1', TARGET, steps);
    await applyPlan('p1', (await start(cluster)).deps);
    putBack(cluster);
    cluster.writes.length = 0;
    cluster.faults.push('forbidden');
    const reports = await applyPlan('p1', (await start(cluster)).deps);
    expect(reports).toMatchObject([
      { outcome: 'failed', why: 'refused' },
      { outcome: 'failed', why: 'needs-another-step', now: { app: 'cart' } },
    ]);
    expect(noPod(cluster.writes)).toEqual([]);
    expect((await openJournal()).plan('p1')?.steps[1]).toMatchObject({ state: 'failed', mayHaveChanged: true });
    expect(await applyPlan('p1', (await start(cluster)).deps)).toMatchObject([
      ...[{ outcome: 'applied' }, { outcome: 'applied' }],
    ]);
  });

  it('is not written when the process died before its call, either', async () => {
    const cluster = world();
    const { journal } = await start(cluster);
    await journal.begin('p1', TARGET, steps);
    for (const step of [1, 2]) await journal.append({ event: 'started', plan: 'p1', step });
    cluster.faults.push('forbidden');
    expect(await applyPlan('p1', (await start(cluster)).deps)).toMatchObject([
      { outcome: 'failed', why: 'refused' },
      { outcome: 'failed', why: 'needs-another-step' },
    ]);
    expect(noPod(cluster.writes)).toEqual([]);
  });

  it('is left as it is where it holds still', async () => {
    const cluster = world();
    await (await start(cluster)).journal.begin('p1', TARGET, steps);
    await applyPlan('p1', (await start(cluster)).deps);
    cluster.objects.delete('networkpolicies/shop/deny');
    cluster.faults.push('forbidden');
    expect(await applyPlan('p1', (await start(cluster)).deps)).toMatchObject([
      ...[{ outcome: 'failed' }, { outcome: 'held' }],
    ]);
  });
});

describe('the pin of a pod', () => {
  const lostNode = (taints: readonly object[]) => ({ metadata: { name: 'worker', uid: 'u-node' }, spec: { taints } });
  const pinned = async () => {
    const [example] = ACTION_EXAMPLES.filter(({ kind }) => kind === 'pin-pod');
    if (example === undefined) throw new Error('there is no example');
    const cluster = worldOf(example);
    cluster.change('pods', 'cart', { spec: { nodeName: 'worker' } }, 'shop');
    cluster.put('nodes', lostNode([]));
    await (await start(cluster)).journal.begin('p1', TARGET, [stepOf(example)]);
    await applyPlan('p1', (await start(cluster)).deps);
    return cluster;
  };

  it.each(['not-ready', 'unreachable'])('stays while its node is %s, unless it is forced', async (key) => {
    const cluster = await pinned();
    cluster.put('nodes', lostNode([{ key: `node.kubernetes.io/${key}`, effect: 'NoExecute' }]));
    const refused = await releasePlan('p1', ALL, (await start(cluster)).deps);
    expect(refused).toMatchObject([{ outcome: 'undo-failed', why: 'would-lose-the-pod' }]);
    expect(refused[0]?.detail).toContain(`node worker has the taint node.kubernetes.io/${key}`);
    expect(cluster.writes).toHaveLength(1);
    const forced = await releasePlan('p1', { ...ALL, forced: [1] }, (await start(cluster)).deps);
    expect(forced).toMatchObject([{ outcome: 'undone' }]);
  });

  it('is taken back where the taint deletes nobody, or is of another cause', async () => {
    const cluster = await pinned();
    cluster.put(
      'nodes',
      lostNode([
        { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
        { key: 'gpu', effect: 'NoExecute' },
      ]),
    );
    expect(await releasePlan('p1', ALL, (await start(cluster)).deps)).toMatchObject([{ outcome: 'undone' }]);
  });

  it('stays for any taint that deletes pods where it is of a toleration of all', async () => {
    const spec = { nodeName: 'worker', tolerations: [{ operator: 'Exists', tolerationSeconds: 60 }] };
    const metadata = { name: 'cart', namespace: 'shop', uid: 'u-pod' };
    const cluster = new FakeActuator();
    cluster.put('pods', { metadata, spec });
    cluster.put('nodes', lostNode([{ key: 'maintenance', effect: 'NoExecute' }]));
    const views = [60, null].map((seconds) => ({ tolerations: [{ at: 0, key: '', seconds }] }));
    const [example] = ACTION_EXAMPLES.filter(({ kind }) => kind === 'pin-pod').map(stepOf);
    const step = { ...example, before: views[0], intended: views[1] } as PlannedStep;
    await (await start(cluster)).journal.begin('p1', TARGET, [step]);
    await applyPlan('p1', (await start(cluster)).deps);
    const [report] = await releasePlan('p1', ALL, (await start(cluster)).deps);
    expect(report).toMatchObject({ outcome: 'undo-failed', why: 'would-lose-the-pod' });
    expect(report?.detail).toContain('maintenance');
  });

  it('stays where its node cannot be read', async () => {
    const cluster = await pinned();
    const { deps } = await start(cluster);
    const get: PlanRunDeps['actuator']['get'] = async (ref) =>
      ref.resource === 'nodes'
        ? { ...(await cluster.actuator.get(ref)), outcome: 'unknown', detail: 'cut' }
        : await cluster.actuator.get(ref);
    const [report] = await releasePlan('p1', ALL, { ...deps, actuator: { ...deps.actuator, get } });
    expect(report).toMatchObject({ outcome: 'undo-failed', why: 'would-lose-the-pod' });
    expect(report?.detail).toContain('could not be read: cut');
  });
});
