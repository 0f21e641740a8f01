import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Targets } from '../../ports/collector.js';
import { FakeCluster, type FakeAnswer, type FakeHandler } from '../../../test/fakes/fake-cluster.js';
import { fakeTargets, outcomeOf, runCollector, type FakeTargets } from '../../../test/fakes/fake-cluster-run.js';
import { FakeSink } from '../../../test/fakes/fake-cluster-sink.js';
import { json, listOf, object, resource, status } from '../../../test/fakes/fake-cluster-world.js';
import { collector } from './collector.js';
import { isBareSecretsTable } from './secrets-table.js';

const SECRETS = resource('', 'secrets');
const PODS = resource('', 'pods');
const KEY = 'objects/core.v1.pods/shop';
const FOLDER = 'data/cluster/lists/core.v1.pods/shop';

async function collect(handler: FakeHandler, targets: FakeTargets = {}, wholeCluster = false) {
  const cluster = new FakeCluster(handler);
  const whole: Targets = fakeTargets({ namespaces: ['shop'], resources: [PODS], ...targets });
  const run = await runCollector({ collector, cluster, targets: whole, wholeCluster });
  expect([...run.sink.open_]).toEqual([]);
  return { ...run, cluster };
}

const bodyOf = (answer: FakeAnswer) => answer.body as string;

describe('a list', () => {
  it('is stored page by page as received, with an index', async () => {
    const pages = [
      listOf([object('a', 'shop'), object('b', 'shop')], { continue: 'next' }),
      listOf([object('c', 'shop')]),
    ];
    const run = await collect(({ query }) => pages[query.has('continue') ? 1 : 0] ?? {});
    expect(outcomeOf(run, KEY)).toMatchObject({
      outcome: 'collected',
      proof: { pages: 2, items: 3, resourceVersion: '7', lastPageWithoutContinue: true },
    });
    for (const [at, page] of pages.entries()) {
      expect(run.sink.at(`${FOLDER}/page-000${String(at + 1)}.json`).bytes.toString()).toBe(bodyOf(page));
    }
    const index = run.sink.at('data/derived/objects-index/core.v1.pods/shop/index.jsonl');
    expect(index.facts.derivedFrom).toEqual([`${FOLDER}/page-0001.json`, `${FOLDER}/page-0002.json`]);
    const lines = index.bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ name, page, ordinal }) => [name, page, ordinal])).toEqual([
      ['a', 'page-0001', 0],
      ['b', 'page-0001', 1],
      ['c', 'page-0002', 0],
    ]);
    expect(lines[0]).toEqual({
      resource: 'core.v1.pods',
      namespace: 'shop',
      name: 'a',
      uid: 'uid-of-a',
      resourceVersion: '5',
      page: 'page-0001',
      ordinal: 0,
    });
  });

  it('without objects is empty, and its page is kept', async () => {
    const run = await collect(() => listOf([]));
    expect(outcomeOf(run, KEY)).toMatchObject({
      outcome: 'empty',
      proof: { pages: 1, items: 0, lastPageWithoutContinue: true },
    });
    expect(run.sink.paths()).toEqual([`${FOLDER}/page-0001.json`]);
  });

  it('that expires is begun once more; both attempts are kept', async () => {
    let reads = 0;
    const run = await collect(() => {
      reads += 1;
      if (reads === 1) return listOf([object('a')], { continue: 'old' });
      return reads === 2 ? status(410, 'expired') : listOf([object('a'), object('b')]);
    });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected', proof: { items: 2 } });
    expect(run.sink.paths().slice(0, 2)).toEqual([`${FOLDER}/page-0001.json`, `${FOLDER}/again-0001.json`]);
  });

  it('that expires twice goes on inconsistent, and is partial', async () => {
    const run = await collect(({ query }) => {
      const token = query.get('continue');
      if (token === undefined) return listOf([object('a')], { continue: 'old' });
      if (token === 'old') return json({ kind: 'Status', metadata: { continue: 'later' }, code: 410 }, 410);
      return listOf([object('b')]);
    });
    expect(outcomeOf(run, KEY)).toMatchObject({
      outcome: 'partial',
      reason: 'inconsistent',
      proof: { pages: 3, items: 2 },
    });
  });

  it.each<[string, FakeAnswer, string]>([
    ['forbidden', status(403, 'no'), 'forbidden'],
    ['not JSON', { body: '<html>' }, 'not-json'],
    ['cut', { body: '{"items":[', end: 'cut' }, 'cut'],
    ['the same page', listOf([object('b')], { continue: 'next' }), 'token-repeated'],
  ])('whose second page is %s is partial', async (_name, second, reason) => {
    const run = await collect(({ query }) =>
      query.has('continue') ? second : listOf([object('a')], { continue: 'next' }),
    );
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason });
    expect(run.sink.paths()).toContain(`${FOLDER}/page-0001.json`);
  });

  it('holds objects of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (items) => {
        const run = await collect(() => listOf(items));
        expect(['collected', 'empty']).toContain(outcomeOf(run, KEY).outcome);
        for (const item of run.sink.items.filter((one) => one.draft.path.endsWith('.jsonl')))
          expect(item.bytes.toString()).toMatch(/^[\x20-\x7e\n]*$/);
      }),
      { numRuns: 50 },
    );
  });

  it('of 150,000 objects costs one page of memory', async () => {
    const items = Array.from({ length: 500 }, (_, number) => ({
      ...(object(`pod-${String(number)}`, 'shop') as object),
      filler: 'x'.repeat(4000),
    }));
    let page = 0;
    const cluster = new FakeCluster(() => listOf(items, page++ < 299 ? { continue: `token-${String(page)}` } : {}));
    cluster.requests.push = () => 0;
    const sink = new FakeSink();
    sink.keepBytes = 0;
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const run = await runCollector({
      collector,
      cluster,
      sink,
      targets: fakeTargets({ namespaces: ['shop'], resources: [PODS] }),
    });
    const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before;
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected', proof: { items: 150_000, pages: 300 } });
    // 640 MB went by.
    expect(grown).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('the plan', () => {
  const plan = async (targets: FakeTargets, wholeCluster = false) => {
    const planned = [];
    const limits = { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1 };
    for await (const one of collector.plan({ targets: fakeTargets(targets), limits, wholeCluster })) planned.push(one);
    return planned;
  };

  it('leaves out events, subresources and what cannot be listed, and puts delegated resources last', async () => {
    const resources = [
      resource('metrics.k8s.io', 'pods', { delegated: true }),
      resource('', 'events'),
      resource('events.k8s.io', 'events'),
      resource('', 'bindings', { verbs: ['create'] }),
      resource('', 'pods/status'),
      resource('', 'nodes', { namespaced: false }),
      resource('example.com', 'events'),
    ];
    const planned = await plan({ resources, namespaces: ['b', 'a'] });
    expect(planned.map((one) => [one.artifact, one.source, one.volatility])).toEqual([
      ['objects/core.v1.nodes', '/api/v1/nodes', undefined],
      ['objects/example.com.v1.events/b', '/apis/example.com/v1/namespaces/b/events', undefined],
      ['objects/example.com.v1.events/a', '/apis/example.com/v1/namespaces/a/events', undefined],
      ['objects/metrics.k8s.io.v1.pods/b', '/apis/metrics.k8s.io/v1/namespaces/b/pods', 'V6'],
      ['objects/metrics.k8s.io.v1.pods/a', '/apis/metrics.k8s.io/v1/namespaces/a/pods', 'V6'],
    ]);
    expect((await plan({ resources, namespaces: 'all' })).map((one) => one.source)).toContain(
      '/apis/example.com/v1/events',
    );
  });

  it('survives names of any kind, without two alike', async () => {
    const shortened = 'x'.repeat(60);
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom(shortened, '..', '../..', '', 'a/b', '\ud800', 'A'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 6 }),
        fc.uniqueArray(name, { maxLength: 3 }),
        async (namespaces, groups) => {
          const planned = await plan({ namespaces, resources: groups.map((group) => resource(group, 'things')) });
          const folders = planned.map((one) => (one.data as { folder: string }).folder);
          expect(new Set(folders).size).toBe(folders.length);
          for (const { source, artifact } of planned) {
            expect(source).toMatch(/^\/[\x21-\x7e]*$/);
            expect(source.split('/')).not.toContain('..');
            expect(artifact).toMatch(/^[\x21-\x7e]{1,1024}$/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('delegated resources', () => {
  it('are read one at a time', async () => {
    const resources = ['a', 'b', 'c'].map((name) =>
      resource('x.example', name, { delegated: true, namespaced: false }),
    );
    const cluster = new FakeCluster(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return listOf([object('one')]);
    });
    const targets = fakeTargets({ resources });
    const context = { targets, limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1 }, wholeCluster: false };
    const sink = new FakeSink();
    const more = {
      cluster,
      sink,
      signal: new AbortController().signal,
      clock: { nowMs: () => 0, monoUs: () => 0, bootId: () => '' },
      discover: async () => undefined,
      nodeAccess: async () => await Promise.reject(new Error('no node')),
      recordClock: async () => undefined,
      emit: () => undefined,
    };
    const started: Promise<unknown>[] = [];
    for await (const planned of collector.plan(context))
      started.push(collector.collect(planned, { ...context, ...more }));
    expect(await Promise.all(started)).toHaveLength(3);
    expect(cluster.maxInFlight).toBe(1);
  });
});

const table = (rows: unknown[], more: object = {}) => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata: { resourceVersion: '7' },
  columnDefinitions: ['Name', 'Type', 'Data', 'Age'].map((name) => ({ name, type: 'string' })),
  rows,
  ...more,
});
const ROW = { cells: ['credentials', 'Opaque', 1, '33s'], object: null };
const VALUE = 'c2VjcmV0LXZhbHVl';

describe('secrets', () => {
  it('are asked for as a table without objects, and listed', async () => {
    const run = await collect(() => json(table([ROW])), { resources: [SECRETS] });
    expect(outcomeOf(run, 'objects/core.v1.secrets/shop').outcome).toBe('collected');
    const [request] = run.cluster.requests;
    expect(request?.accept).toBe('application/json;as=Table;v=v1;g=meta.k8s.io');
    expect(request?.query.get('includeObject')).toBe('None');
    expect(run.sink.at('data/derived/objects-index/core.v1.secrets/shop/index.jsonl').bytes.toString()).toContain(
      '"namespace":"shop","name":"credentials"',
    );
  });

  it.each<[string, unknown]>([
    [
      'a list',
      {
        kind: 'SecretList',
        apiVersion: 'v1',
        metadata: {},
        items: [{ metadata: { name: 'a' }, data: { key: VALUE } }],
      },
    ],
    ['a list without data', { kind: 'List', metadata: {}, items: [{ metadata: { annotations: { last: VALUE } } }] }],
    ['a table with objects', table([{ ...ROW, object: { metadata: { annotations: { last: VALUE } } } }])],
    [
      'a table with metadata only',
      table([{ ...ROW, object: { kind: 'PartialObjectMetadata', metadata: { name: 'a', value: VALUE } } }]),
    ],
    [
      'a table of another version',
      table([{ cells: ['a', 'Opaque', 1, '3d'], object: null }], { apiVersion: 'meta.k8s.io/v1beta1', value: VALUE }),
    ],
    [
      'a table with more columns',
      table([{ cells: ['a', 'Opaque', 1, '3d', VALUE] }], {
        columnDefinitions: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name })),
      }),
    ],
    ['a table whose rows hold more', table([{ ...ROW, data: VALUE }])],
    ['a table whose number of keys is a text', table([{ cells: ['a', 'Opaque', VALUE, '3d'], object: null }])],
    ['a table beside items', table([ROW], { items: [{ data: VALUE }] })],
    ['a table whose metadata holds more', table([ROW], { metadata: { annotations: VALUE } })],
  ])('that come as %s are dropped before a byte is written', async (_name, answer) => {
    const sinkBytes: string[] = [];
    const run = await collect(() => json(answer), { resources: [SECRETS] });
    expect(outcomeOf(run, 'objects/core.v1.secrets/shop')).toMatchObject({
      outcome: 'failed',
      reason: 'secrets-not-as-table',
    });
    for (const item of run.sink.items) sinkBytes.push(item.bytes.toString());
    expect(sinkBytes).toEqual([]);
    expect(run.sink.writtenBytes).toBe(0);
    expect(JSON.stringify(run.outcomes)).not.toContain(VALUE);
  });

  it('that change their form on a later page are dropped from there on', async () => {
    const handler: FakeHandler = ({ query }) =>
      query.has('continue')
        ? json({ kind: 'SecretList', metadata: {}, items: [{ data: VALUE }] })
        : json(table([ROW], { metadata: { continue: 'next' } }));
    const run = await collect(handler, { resources: [SECRETS] });
    expect(outcomeOf(run, 'objects/core.v1.secrets/shop')).toMatchObject({
      outcome: 'partial',
      reason: 'secrets-not-as-table',
    });
    expect(run.sink.items.some((item) => item.bytes.includes(VALUE))).toBe(false);
  });

  it('of a whole cluster are listed by namespace too, for the table does not name it', async () => {
    const handler: FakeHandler = ({ path }) =>
      path === '/api/v1/namespaces' ? listOf([object('shop'), object('bank')]) : json(table([ROW]));
    const run = await collect(handler, { resources: [SECRETS], namespaces: 'all' }, true);
    expect(run.outcomes.map((one) => [one.planned.artifact, one.result?.outcome])).toEqual([
      ['objects/core.v1.secrets', 'collected'],
      ['objects/core.v1.secrets/shop', 'collected'],
      ['objects/core.v1.secrets/bank', 'collected'],
    ]);
    expect(run.sink.paths()).toContain('data/cluster/lists/core.v1.secrets/bank/page-0001.json');
  });

  it('are taken only in exactly one form', () => {
    expect(isBareSecretsTable(Buffer.from(JSON.stringify(table([ROW]))))).toBe(true);
    expect(isBareSecretsTable(Buffer.from(JSON.stringify(table([]))))).toBe(true);
    expect(isBareSecretsTable(Buffer.from('not json'))).toBe(false);
    fc.assert(fc.property(fc.json(), (text) => !isBareSecretsTable(Buffer.from(text))));
  });
});
