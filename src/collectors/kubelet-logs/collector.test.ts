import { describe, expect, it } from 'vitest';
import { FakeCluster, type FakeAnswer, type FakeHandler } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { file, listing } from '../../../test/fakes/fake-cluster-world.js';
import { collector } from './collector.js';

const ROOT = '/api/v1/nodes/node-1/proxy/logs/';
type Tree = Readonly<Record<string, FakeAnswer | (() => FakeAnswer)>>;

async function collect(tree: Tree, more: FakeHandler = () => ({ status: 404 })) {
  const handler: FakeHandler = (request) => {
    if (request.query.has('query')) return more(request);
    const answer = tree[request.path.slice(ROOT.length)];
    return typeof answer === 'function' ? answer() : (answer ?? { status: 404, body: '404 page not found\n' });
  };
  const cluster = new FakeCluster(handler);
  const run = await runCollector({
    collector,
    cluster,
    targets: fakeTargets({ nodes: [{ ...fakeNode('node-1'), machineId: 'machine-1' }] }),
  });
  expect([...run.sink.open_]).toEqual([]);
  const lines = run.sink.items
    .filter((item) => item.draft.path.endsWith('logs-tree.jsonl'))
    .flatMap((item) => item.bytes.toString().trim().split('\n'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { ...run, cluster, lines, tree: outcomeOf(run, 'kubelet-logs/node-1/tree') };
}

describe('the tree', () => {
  it('is walked, each file is an artifact of its own', async () => {
    const run = await collect({
      '': listing('a.log', 'pods/'),
      'pods/': listing('b.log'),
      'a.log': file('A'),
      'pods/b.log': file('B'),
    });
    expect(run.tree).toMatchObject({ outcome: 'collected', proof: { folders: 2, files: 2 } });
    expect(outcomeOf(run, 'kubelet-logs/node-1/file/pods/b.log')).toMatchObject({
      outcome: 'collected',
      proof: { contentLength: 1 },
    });
    expect(run.sink.at('data/nodes/node-1/logs/pods/b.log').bytes.toString()).toBe('B');
    for (const { facts } of run.sink.items)
      expect(facts.subject).toEqual({ nodeUid: 'uid-of-node-1', machineId: 'machine-1' });
    expect(run.sink.at('data/derived/nodes/node-1/logs-tree.jsonl').facts.derivedFrom).toEqual([
      'data/nodes/node-1/logs-index/00001.html',
      'data/nodes/node-1/logs-index/00002.html',
    ]);
  });

  it('never asks for a name that leads out, and says that it was there', async () => {
    const run = await collect({ '': listing('..', '%2e%2e/', '/etc/shadow', 'ok.log'), 'ok.log': file('x') });
    expect(run.tree).toMatchObject({ outcome: 'partial', reason: 'tree-incomplete' });
    expect(run.lines.filter((line) => 'refused' in line).map((line) => line['refused'])).toEqual([
      '..',
      '%2e%2e/',
      '/etc/shadow',
    ]);
    const asked = run.cluster.requests.filter(({ query }) => !query.has('query')).map(({ path }) => path);
    expect(asked).toEqual([ROOT, `${ROOT}ok.log`]);
  });

  it('ends where a link leads back up', async () => {
    const run = await collect(
      new Proxy(
        {},
        { get: (_target, path: string) => (path.endsWith('/') || path === '' ? listing('loop/', 'f') : file('x')) },
      ),
    );
    expect(run.tree).toMatchObject({ outcome: 'partial', reason: 'tree-incomplete', proof: { folders: 8, files: 8 } });
    expect(run.tree.detail).toContain('deeper than 8');
  });

  it('ends at 10,000 files', async () => {
    const hrefs = Array.from({ length: 10_050 }, (_, number) => `f${String(number)}`);
    const run = await collect({ '': listing(...hrefs) });
    expect(run.tree).toMatchObject({ outcome: 'partial', proof: { files: 10_000 } });
    expect(run.lines.filter((line) => line['fate'] === 'limit').length).toBe(50);
  });

  it('whose listing somebody hid is partial, and what was put there is kept', async () => {
    const run = await collect({ '': { body: '<html>nothing here</html>' } });
    expect(run.tree).toMatchObject({ outcome: 'partial', reason: 'not-a-listing' });
    expect(run.sink.at('data/nodes/node-1/logs-index/00001.html').bytes.toString()).toBe('<html>nothing here</html>');
  });

  it('does not read twice what the kubelet links, but what only looks so', async () => {
    const id = 'a'.repeat(64);
    const link = `web-0_shop_app-${id}.log`;
    const run = await collect({
      '': listing('containers/', link),
      'containers/': listing(link, 'evil.log'),
      [link]: file('1'),
      'containers/evil.log': file('2'),
    });
    expect(run.lines.map((line) => [line['nameDisplay'], line['fate']])).toEqual([
      ['containers', 'entered'],
      [link, 'planned'],
      [`containers/${link}`, 'kubelet-link'],
      ['containers/evil.log', 'planned'],
    ]);
  });
});

describe('a file', () => {
  it('with a hostile name is stored under a name of ours, and keeps its own', async () => {
    const run = await collect({ '': listing('%1B%5B31m%0A', 'UPPER'), '%1B%5B31m%0A': file('x'), 'UPPER': file('y') });
    const [first] = run.sink.items.filter((item) => item.draft.artifact.includes('/file/'));
    expect(first?.draft.path).toMatch(/^data\/nodes\/node-1\/logs\/_-[0-9a-f]{12}$/);
    expect(first?.facts).toMatchObject({
      nameB64: Buffer.from('\x1b[31m\n').toString('base64'),
      nameDisplay: '\\x1b[31m\\n',
    });
  });

  it('of which fewer bytes came than were announced is not whole', async () => {
    const run = await collect({ '': listing('a'), 'a': { headers: { 'content-length': '10' }, body: 'short' } });
    expect(outcomeOf(run, 'kubelet-logs/node-1/file/a')).toMatchObject({ outcome: 'partial', reason: 'unproven-end' });
  });

  it('that leads elsewhere is not followed', async () => {
    const run = await collect({
      '': listing('a'),
      'a': { status: 301, headers: { location: 'https://elsewhere.test/' } },
    });
    expect(outcomeOf(run, 'kubelet-logs/node-1/file/a')).toMatchObject({ outcome: 'failed', reason: 'redirected' });
    expect(run.cluster.requests.filter(({ query }) => !query.has('query')).length).toBe(2);
  });

  it('that was rotated away after the listing is looked for once more', async () => {
    let walks = 0;
    const root = () => (walks++ === 0 ? listing('0.log.1') : listing('0.log.1.gz'));
    const run = await collect({ '': root, '0.log.1.gz': file('zipped') });
    expect(outcomeOf(run, 'kubelet-logs/node-1/file/0.log.1')).toMatchObject({
      outcome: 'absent',
      reason: 'gone',
      proof: { status: 404 },
    });
    expect(outcomeOf(run, 'kubelet-logs/node-1/tree-again').outcome).toBe('collected');
    expect(outcomeOf(run, 'kubelet-logs/node-1/file/0.log.1.gz').outcome).toBe('collected');
  });
});

describe('the log query', () => {
  const query = async (answer: FakeAnswer) =>
    outcomeOf(await collect({ '': listing() }, () => answer), 'kubelet-logs/node-1/query/kubelet');

  it('that the kubelet ignores is not enabled', async () => {
    expect(await query(listing('kubelet.log'))).toMatchObject({ outcome: 'absent', reason: 'log-query-disabled' });
  });

  it.each(['', 'and then the log\n'])('that only begins like a listing is kept: %j', async (more) => {
    const body = `<pre>\n<a href="x">x</a>\n${more}`;
    const run = await collect({ '': listing() }, () => ({ body }));
    expect(outcomeOf(run, 'kubelet-logs/node-1/query/kubelet')).toMatchObject({ outcome: 'partial' });
    expect(run.sink.at('data/nodes/node-1/log-query/kubelet.log').bytes.toString()).toBe(body);
  });

  it('for a service that is not there is absent', async () => {
    expect(await query({ body: '\nlog not found for kubelet\n' })).toMatchObject({
      outcome: 'absent',
      reason: 'no-such-log',
    });
  });

  it('has no end that could be proven', async () => {
    expect(await query({ body: 'I1122 03:38:30.164256 flags.go\n' })).toMatchObject({
      outcome: 'partial',
      reason: 'unproven-end',
    });
  });
});
