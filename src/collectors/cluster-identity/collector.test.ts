import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeCluster, type FakeHandler } from '../../../test/fakes/fake-cluster.js';
import { fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { honestCluster, json, status } from '../../../test/fakes/fake-cluster-world.js';
import { clockOffset } from './clock-offset.js';
import { collector } from './collector.js';

const collect = async (handler: FakeHandler) =>
  await runCollector({ collector, cluster: new FakeCluster(handler), targets: fakeTargets() });

describe('clockOffset', () => {
  it('contains the truth whatever it is', () => {
    const ms = fc.integer({ min: 0, max: 2_000_000_000_000 });
    const skew = fc.integer({ min: -86_400_000, max: 86_400_000 });
    fc.assert(
      fc.property(ms, fc.nat(60_000), fc.nat(60_000), skew, (sentAtMs, there, back, offsetMs) => {
        const headAtMs = sentAtMs + there + back;
        const serverMs = sentAtMs + there + offsetMs;
        const serverDate = new Date(serverMs).toUTCString();
        const record = clockOffset({ sentAtMs, headAtMs, serverDate }, 'x');
        expect(record?.offsetMinMs).toBeLessThanOrEqual(offsetMs);
        expect(record?.offsetMaxMs).toBeGreaterThanOrEqual(offsetMs);
        expect((record?.offsetMaxMs ?? 0) - (record?.offsetMinMs ?? 0)).toBe(1000 + there + back);
      }),
    );
  });

  it.each([
    [null, 10],
    ['garbage', 10],
    ['Wed, 04 Mar 2026 05:06:07 GMT', -1],
  ])('says nothing for the date %j after %i ms', (serverDate, tookMs) => {
    expect(clockOffset({ serverDate, sentAtMs: 1000, headAtMs: 1000 + tookMs }, 'x')).toBeNull();
  });
});

describe('the identity of a cluster', () => {
  it('is stored as received, and the clock with each answer', async () => {
    const run = await collect(honestCluster);
    expect(run.sink.at('data/cluster/identity/version.json').bytes.toString()).toBe('{"major":"1","minor":"34"}');
    expect(run.sink.at('data/cluster/identity/self-subject-review.json').draft.sensitivity).toBe('personal');
    expect(run.clocks.length).toBe(run.outcomes.length);
    expect(run.clocks[0]).toMatchObject({
      source: 'api-server https://cluster.test:6443',
      offsetMinMs: -500,
      offsetMaxMs: 500,
    });
  });

  it('keeps what an unready server says of its checks, and not what a broken one answers', async () => {
    const unready = await collect((request) =>
      request.path === '/readyz'
        ? { status: 500, body: '[-]etcd failed\nreadyz check failed\n' }
        : honestCluster(request),
    );
    expect(outcomeOf(unready, 'cluster-identity/readyz')).toMatchObject({
      outcome: 'collected',
      proof: { status: 500, verdict: 'readyz check failed' },
    });
    const broken = await collect((request) =>
      request.path === '/readyz' ? status(500, 'boom') : honestCluster(request),
    );
    expect(outcomeOf(broken, 'cluster-identity/readyz')).toMatchObject({ outcome: 'failed', reason: 'server-error' });
    const early = await collect((request) =>
      request.path === '/readyz' ? { body: '[+]ping ok\n' } : honestCluster(request),
    );
    expect(outcomeOf(early, 'cluster-identity/readyz')).toMatchObject({ outcome: 'partial', reason: 'unproven-end' });
  });

  it('that ends early though cleanly is no whole document', async () => {
    const run = await collect((request) =>
      request.path === '/apis' ? { body: '{"kind":"APIGroupList","groups":[' } : honestCluster(request),
    );
    expect(outcomeOf(run, 'cluster-identity/apis')).toMatchObject({ outcome: 'partial', reason: 'not-json' });
  });

  it('names the kind only as harmless text', async () => {
    const run = await collect(() => json({ kind: '\u001b[31m\u202e' }));
    expect(outcomeOf(run, 'cluster-identity/version').proof['kind']).toBe('\\x1b[31m\\u{202e}');
  });
});
