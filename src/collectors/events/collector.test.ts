import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import type { FakeHandler } from '../../../test/fakes/fake-cluster.js';
import { fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { listOf, object, status } from '../../../test/fakes/fake-cluster-world.js';
import { collector } from './collector.js';

async function collect(handler: FakeHandler, wholeCluster = false) {
  const cluster = new FakeCluster(handler);
  return await runCollector({ collector, cluster, targets: fakeTargets({ namespaces: ['shop'] }), wholeCluster });
}

describe('events', () => {
  it('are read in both forms, for the namespaces in scope and for default, where those of nodes are', async () => {
    const run = await collect(() => listOf([object('e', 'shop')]));
    expect(run.outcomes.map(({ planned }) => planned.artifact)).toEqual([
      'events/core/default',
      'events/core/shop',
      'events/events.k8s.io/default',
      'events/events.k8s.io/shop',
    ]);
    expect(run.sink.paths()).toContain('data/cluster/events/events.k8s.io/shop/page-0001.json');
  });

  it('of the whole cluster are one list of each form', async () => {
    const asked: string[] = [];
    const run = await collect(({ path }) => {
      asked.push(path);
      return listOf([object('e', 'shop')]);
    }, true);
    expect(asked).toEqual(['/api/v1/events', '/apis/events.k8s.io/v1/events']);
    expect(outcomeOf(run, 'events/core')).toMatchObject({ outcome: 'collected', proof: { items: 1 } });
  });

  it('of one form may be refused while the other is collected', async () => {
    const run = await collect(({ path }) =>
      path.startsWith('/apis/') ? status(403, 'no') : listOf([object('e', 'shop')]),
    );
    expect(outcomeOf(run, 'events/core/shop').outcome).toBe('collected');
    expect(outcomeOf(run, 'events/events.k8s.io/shop')).toMatchObject({ outcome: 'denied', proof: { status: 403 } });
  });
});
