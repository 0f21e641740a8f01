/** What every kind of change to a cloud promises: the same as one to an object of the API, without versions. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CloudSubject } from '../../src/model/cloud.js';
import { applyPlan } from '../../src/plan/apply-plan.js';
import { checkStep, tryStep } from '../../src/plan/apply-step.js';
import { releasePlan, type ReleaseOptions } from '../../src/plan/release-plan.js';
import { FakeActuator } from '../fakes/fake-actuator.js';
import { FakeCloudActuator } from '../fakes/fake-cloud-actuator.js';
import { CLOUD_EXAMPLES, CLOUD_KINDS_WITHOUT_EXAMPLE, cloudOf, cloudStepOf } from './cloud-action-table.js';
import { Fuse, orCrash, PlanBench } from './plan-bench.js';

const TARGET = { name: 'node worker', uids: ['u-node'], clusterUid: 'c', level: 'isolate', asked: '' } as const;
const ALL: ReleaseOptions = { readopt: false, only: null, forced: [] };

let bench: PlanBench;
beforeEach(() => {
  bench = new PlanBench();
});
afterEach(async () => {
  await bench.close();
});

const toolsOf = (cloud: FakeCloudActuator) => ({
  actuator: new FakeActuator().actuator,
  cloud: { actuator: cloud.actuator, caseToken: 'k7m2p9' },
});
const start = async (cloud: FakeCloudActuator, fuse?: Fuse) => await bench.start(toolsOf(cloud), fuse);
const apply = async (cloud: FakeCloudActuator) => await applyPlan('p1', (await start(cloud)).deps);
const release = async (cloud: FakeCloudActuator, options = ALL) =>
  await releasePlan('p1', options, (await start(cloud)).deps);

it('has an example of each kind', () => {
  expect(CLOUD_KINDS_WITHOUT_EXAMPLE).toEqual([]);
});

describe.each(CLOUD_EXAMPLES)('$kind', (example) => {
  const { kind, subject, before, byOthers } = example;
  const step = cloudStepOf(example);

  const planned = async () => {
    const cloud = cloudOf(example);
    const original = cloud.snapshot();
    const { journal } = await start(cloud);
    await journal.begin('p1', TARGET, [step]);
    return { cloud, original };
  };
  const done = async () => {
    const { cloud, original } = await planned();
    await apply(cloud);
    return { cloud, original, applied: cloud.snapshot() };
  };

  it('is done with one call, read back, and written down before and after with its request', async () => {
    const { cloud } = await planned();
    const { deps, recorded, trace } = await start(cloud);
    expect(await applyPlan('p1', deps)).toMatchObject([{ outcome: 'applied', now: step.intended }]);
    expect(cloud.writes).toEqual([`${kind} ${subject.id}`]);
    expect(recorded).toMatchObject([
      { kind, before, intended: step.intended, reversibility: step.reversibility },
      { kind, outcome: 'done', after: step.intended, auditIds: [expect.stringMatching(/^request-/)] },
    ]);
    expect(trace).toEqual(['custody action', 'journal started', 'write', 'custody effect', 'journal done']);
    expect((await bench.openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'done', mayHaveChanged: true }]);
  });

  it('is left to whoever did it before us, also by a release', async () => {
    const { cloud } = await planned();
    cloud.put(kind, subject, step.intended);
    const theirs = cloud.snapshot();
    expect(await apply(cloud)).toMatchObject([{ outcome: 'found' }]);
    expect(await release(cloud)).toEqual([]);
    expect(cloud.writes).toEqual([]);
    expect(cloud.snapshot()).toEqual(theirs);
  });

  it('is not done twice, and is undone once to what was there before', async () => {
    const { cloud, original, applied } = await done();
    expect(applied).not.toEqual(original);
    expect(await apply(cloud)).toMatchObject([{ outcome: 'held' }]);
    expect(cloud.writes).toHaveLength(1);
    expect(await release(cloud)).toMatchObject([{ outcome: 'undone' }]);
    expect(cloud.snapshot()).toEqual(original);
    await release(cloud);
    expect(cloud.writes).toHaveLength(2);
    expect((await bench.openJournal()).plan('p1')?.steps).toMatchObject([{ state: 'undone', mayHaveChanged: false }]);
  });

  it('goes on, and is taken back, after a crash at every point', async () => {
    const { original, applied } = await done();
    for (const after of [false, true]) {
      for (let at = 1; at <= 10; at += 1) {
        bench.renew();
        const { cloud } = await planned();
        await orCrash(applyPlan('p1', (await start(cloud, new Fuse(at, after))).deps));
        await apply(cloud);
        expect(cloud.snapshot(), `crash ${String(at)}`).toEqual(applied);
        await orCrash(releasePlan('p1', ALL, (await start(cloud, new Fuse(at, after))).deps));
        await release(cloud);
        expect(cloud.snapshot(), `crash ${String(at)}`).toEqual(original);
      }
    }
  });

  it.each([
    ['lost-done', 1],
    ['lost-undone', 2],
    ['busy', 2],
  ] as const)('is judged by what is there after an answer %s', async (fault, calls) => {
    const { cloud } = await planned();
    cloud.faults.push(fault);
    expect(await apply(cloud)).toMatchObject([{ outcome: 'applied' }]);
    expect(cloud.writes).toHaveLength(calls);
  });

  it('fails, and changes nothing, without the right, and where the cloud does not keep it', async () => {
    const { cloud, original } = await planned();
    cloud.faults.push('denied');
    expect(await apply(cloud)).toMatchObject([{ outcome: 'failed', why: 'refused', detail: 'refused: denied' }]);
    cloud.faults.push(...Array.from({ length: 9 }, () => 'kept-away' as const));
    expect(await apply(cloud)).toMatchObject([{ outcome: 'failed', why: 'not-kept' }]);
    expect(cloud.snapshot()).toEqual(original);
  });

  it('is taken for undone where others undid it, without a write', async () => {
    const { cloud, original } = await done();
    if (before === null) cloud.parts.clear();
    else cloud.put(kind, subject, before);
    expect(await release(cloud)).toMatchObject([{ outcome: 'undone' }]);
    expect(cloud.writes).toHaveLength(1);
    expect(cloud.snapshot()).toEqual(original);
  });

  if (byOthers !== null)
    it('never writes over what others made of it, before us or after, unless it is forced', async () => {
      const { cloud } = await planned();
      cloud.put(kind, subject, byOthers);
      expect(await apply(cloud)).toMatchObject([{ outcome: 'failed', why: 'changed-by-others' }]);
      expect(cloud.writes).toEqual([]);
      bench.renew();
      const { cloud: other, original } = await done();
      other.put(kind, subject, byOthers);
      expect(await release(other)).toMatchObject([{ outcome: 'undo-failed', why: 'changed-by-others', now: byOthers }]);
      expect(other.writes).toHaveLength(1);
      expect(await release(other, { ...ALL, forced: [1] })).toMatchObject([{ outcome: 'undone' }]);
      expect(other.snapshot()).toEqual(original);
    });

  it('does nothing to a machine that was ended, and is taken off with it', async () => {
    const { cloud } = await planned();
    cloud.ended.add('i-0abc');
    expect(await apply(cloud)).toMatchObject([{ why: 'target-gone', detail: 'it is terminated' }]);
    bench.renew();
    const { cloud: other } = await done();
    other.ended.add('i-0abc');
    const [report] = await release(other);
    expect(report?.outcome).toBe(before === null ? 'undone' : 'gone');
    expect(other.writes).toHaveLength(1);
  });

  it('is tried without changing anything', async () => {
    const { cloud, original } = await planned();
    expect(await tryStep(step, 'p1', toolsOf(cloud))).toBeNull();
    cloud.faults.push('denied');
    expect(await tryStep(step, 'p1', toolsOf(cloud))).toBe('refused: denied');
    expect(cloud.snapshot()).toEqual(original);
    expect(cloud.writes.every((write) => write.endsWith('(dry run)'))).toBe(true);
  });

  it('is neither done nor taken back without its cloud, and says so', async () => {
    const { cloud, original } = await planned();
    const without = async () => (await bench.start({ actuator: new FakeActuator().actuator })).deps;
    const [failed] = await applyPlan('p1', await without());
    expect(failed).toMatchObject({ outcome: 'failed', why: 'unreadable' });
    expect(failed?.detail).toContain('the cloud aws, which was not given');
    expect(cloud.snapshot()).toEqual(original);
    await apply(cloud);
    expect(await releasePlan('p1', ALL, await without())).toMatchObject([{ outcome: 'undo-failed' }]);
    expect((await bench.openJournal()).plan('p1')?.steps).toMatchObject([{ mayHaveChanged: true }]);
  });
});

describe('a machine whose network is taken', () => {
  const exampleOf = (wanted: string) => CLOUD_EXAMPLES.filter(({ kind }) => kind === wanted).map(cloudStepOf);
  const [group, interfaces] = [...exampleOf('quarantine-group'), ...exampleOf('interface-groups')];
  if (group === undefined || interfaces === undefined) throw new Error('there is no example');
  const second: CloudSubject = { ...interfaces.subject, id: 'eni-2' };
  const intended = { groups: [group.subject.id] };
  const steps = [
    group,
    { ...interfaces, step: 2, needs: [1], intended },
    { ...interfaces, step: 3, needs: [1], intended, subject: second, before: { groups: ['sg-7'] } },
  ];
  const cloud = () => {
    const made = new FakeCloudActuator();
    made.put('interface-groups', interfaces.subject, interfaces.before);
    made.put('interface-groups', second, { groups: ['sg-7'] });
    return made;
  };

  it('has each interface given back its own groups before the group of ours goes', async () => {
    const world = cloud();
    const original = world.snapshot();
    await (await start(world)).journal.begin('p1', TARGET, steps);
    expect(await apply(world)).toMatchObject([{}, {}, { outcome: 'applied' }]);
    world.writes.length = 0;
    await release(world);
    expect(world.writes).toEqual([
      'interface-groups eni-2',
      'interface-groups eni-1',
      `quarantine-group ${group.subject.id}`,
    ]);
    expect(world.snapshot()).toEqual(original);
  });

  it('keeps it where the group cannot be made, and keeps the group while an interface rests on it', async () => {
    const world = cloud();
    const original = world.snapshot();
    await (await start(world)).journal.begin('p1', TARGET, steps);
    world.faults.push('denied');
    expect(await apply(world)).toMatchObject([
      { why: 'refused' },
      { why: 'needs-another-step' },
      { why: 'needs-another-step' },
    ]);
    expect(world.snapshot()).toEqual(original);
    await apply(world);
    world.put('interface-groups', second, { groups: ['sg-8'] });
    expect(await release(world)).toMatchObject([
      { outcome: 'undo-failed', why: 'changed-by-others' },
      { outcome: 'undone' },
      { outcome: 'undo-failed', why: 'needs-another-step' },
    ]);
  });

  it('is seen to be given back by others', async () => {
    const world = cloud();
    await (await start(world)).journal.begin('p1', TARGET, steps);
    await apply(world);
    expect(await checkStep(steps[1] ?? group, 'p1', toolsOf(world))).toMatchObject({ holds: true });
    world.put('interface-groups', interfaces.subject, interfaces.before);
    expect(await checkStep(steps[1] ?? group, 'p1', toolsOf(world))).toMatchObject({ holds: false, state: 'there' });
  });
});
