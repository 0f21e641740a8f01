import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzipOf, jsonLines, makeBag, packBag } from '../../../test/fakes/archive-builder.js';
import { presentNodeEvidence } from '../../cli/present-node-evidence.js';
import { FirstFew } from './first-few.js';
import type { NodeEvidenceSummary } from './node-evidence.js';
import { NodeGatherer } from './node-gatherer.js';
import { readNodeEvidence } from './read-node-evidence.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-node-evidence-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, readonly object[] | Buffer>>): { path: string; sha256: string } {
  const payload = Object.entries(files).map(([path, lines], index) => ({
    path: `data/derived/${path}`,
    bytes: Buffer.isBuffer(lines) ? lines : jsonLines([...lines]),
    artifact: `a${String(index)}`,
  }));
  const bytes = gzipOf(packBag(makeBag({ payload })));
  const path = join(folder, 'x.tar.gz');
  writeFileSync(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function read(files: Readonly<Record<string, readonly object[] | Buffer>>): Promise<NodeEvidenceSummary> {
  const { path, sha256 } = write(files);
  return await readNodeEvidence(path, sha256);
}

const TIME = '2026-01-01T00:00:00.000000000Z';
const entry = (path: string, more: object = {}) => ({
  path,
  pathB64: Buffer.from(path).toString('base64'),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 10,
  mtime: TIME,
  class: 'added',
  allocatedBytes: 512,
  nlink: 1,
  inode: '1',
  device: '1',
  atime: TIME,
  ctime: TIME,
  btime: null,
  xattrs: [],
  overlay: [],
  sha256: 'a'.repeat(64),
  sniff: null,
  base: null,
  differs: [],
  changedDuringRead: false,
  notes: [],
  ...more,
});

const series = (container: string, cpuNanoCoresMin: string | null, more: object = {}) => ({
  of: 'container',
  namespace: 'shop',
  pod: 'web',
  container,
  measured: 3,
  cpuNanoCoresMin,
  cpuNanoCoresMax: '3000000000',
  ...more,
});

describe("what Docker's daemon said", () => {
  const container = (id: string, more: object = {}) => ({
    id,
    name: `n-${id}`,
    image: 'web:1',
    state: 'running',
    daemonKnows: true,
    storeKnows: true,
    changes: { modified: 1, added: 0, deleted: 0 },
    sample: { memoryBytes: '10485760' },
    cpuNanoCores: '0',
    ...more,
  });

  it('is shown, busiest first, then by what changed, and so is what only its files have', async () => {
    const summary = await read({
      'nodes/n1/docker.jsonl': [
        container('calm'),
        container('changed', { changes: { modified: 1, added: 5, deleted: 2 } }),
        container('miner', { cpuNanoCores: '1500000000', image: 'evil\x1b[31m', storeKnows: false }),
        container('stopped', { name: null, state: 'exited', cpuNanoCores: null, sample: null, changes: null }),
        { id: 'ghost', daemonKnows: false, storeKnows: true },
        { id: 'no line of ours' },
      ],
    });
    expect(summary.unreadable).toBe(1);
    const [node] = summary.nodes;
    expect(node?.docker).toMatchObject({ containersTotal: 4, running: 3 });
    expect(node?.docker?.containers.map(({ id }) => id)).toEqual(['miner', 'changed', 'calm', 'stopped']);
    expect(node?.docker?.containers[0]).toEqual({
      id: 'miner',
      name: 'n-miner',
      image: 'evil\x1b[31m',
      state: 'running',
      cpuNanoCores: '1500000000',
      memoryBytes: '10485760',
      changes: { modified: 1, added: 0, deleted: 0 },
    });
    expect(node?.mismatches).toEqual([
      { rule: 'not-in-docker-store', verdict: 'race', subject: 'miner' },
      { rule: 'unknown-to-docker', verdict: 'race', subject: 'ghost' },
    ]);
    const text = presentNodeEvidence(summary);
    expect(text).toContain('  Docker says: 4 containers, 3 running\n');
    expect(text).toContain('running; 1.50 cores; 10 MiB; paths 1 modified, 0 added, 0 deleted');
    expect(text).toContain('    stopped (web:1): exited\n');
    expect(text).not.toContain('\x1b');
  });

  it('is not more than ten containers, and how many there were', async () => {
    const lines = Array.from({ length: 30 }, (_, n) => container(String(n), { cpuNanoCores: String(n) }));
    const [node] = (await read({ 'nodes/n1/docker.jsonl': lines })).nodes;
    expect(node?.docker).toMatchObject({ containersTotal: 30, running: 30 });
    expect(node?.docker?.containers.map(({ cpuNanoCores }) => cpuNanoCores).slice(0, 2)).toEqual(['29', '28']);
    expect(node?.docker?.containers).toHaveLength(10);
  });

  it('is worth nothing where it is no number', async () => {
    const strange = container('x', { cpuNanoCores: '1e9', sample: { memoryBytes: '-1' }, changes: { modified: 'a' } });
    const [node] = (await read({ 'nodes/n1/docker.jsonl': [strange] })).nodes;
    expect(node?.docker?.containers[0]).toMatchObject({ cpuNanoCores: null, memoryBytes: null, changes: null });
  });
});

describe('what an archive says of a node', () => {
  it('is condensed to what a reader asks first', async () => {
    const summary = await read({
      'nodes/n1/access.jsonl': [
        {
          node: { name: 'n1' },
          facts: { rung: 'ssh', vantage: 'live-kernel', degraded: [{ reason: 'not-root', detail: '' }] },
          refusals: [{ rung: 'collector-pod', reason: 'quota', detail: '' }],
        },
      ],
      'nodes/n1/processes.jsonl': [
        { pid: 1, own: false, kernelThread: false, exe: { deleted: false, memfd: false } },
        { pid: 2, own: false, kernelThread: true, exe: null },
        { pid: 3, own: true, kernelThread: false, exe: { deleted: true, memfd: false } },
        { pid: 4, own: false, kernelThread: false, exe: { deleted: true, memfd: false } },
        { pid: 5, own: false, kernelThread: false, exe: { deleted: true, memfd: true } },
      ],
      'nodes/n1/connections.jsonl': [{ state: 'listen' }, { state: 'established' }, { state: 'listen' }],
      'nodes/n1/stats-series.jsonl': [
        series('idle', '0'),
        series('unknown', null),
        series('once', '9000000000', { measured: 1 }),
        series('', '8000000000', { of: 'pod' }),
        ...[1, 2, 3, 4, 5, 6].map((n) => series(`c${String(n)}`, `${String(n)}50000000`)),
      ],
      'nodes/n1/container-views.jsonl': [
        { rule: 'no-task', containerId: 'aa', verdict: 'race' },
        { rule: 'unknown-to-api', containerId: 'bb', verdict: 'ghost' },
      ],
      'nodes/n1/bpf-findings.jsonl': [{ finding: 'bpf-program-not-listed', verdict: 'race', programId: 9 }],
      'nodes/n1/hidden-processes.jsonl': [{ finding: 'hidden-process', pid: 77 }],
      'nodes/n1/network-findings.jsonl': [
        { finding: 'listening-without-process', protocol: 'tcp', local: { address: '0.0.0.0', port: 4444 } },
        { finding: 'socket-only-in-netlink', protocol: 'udp', local: null, inode: '99' },
      ],
      'nodes/n2/os-files/processes.jsonl': [{ pid: 1 }],
    });
    expect(summary).toMatchObject({ nodesTotal: 1, containersTotal: 0, unreadable: 0 });
    expect(summary.nodes).toEqual([
      {
        node: 'n1',
        way: 'ssh',
        vantage: 'live-kernel',
        refusals: [{ rung: 'collector-pod', reason: 'quota' }],
        degraded: ['not-root'],
        processes: { total: 3, kernelThreads: 1, deletedExecutables: 1, memoryExecutables: 1 },
        listening: 2,
        busiest: ['c6', 'c5', 'c4', 'c3', 'c2'].map((container) => expect.objectContaining({ container }) as unknown),
        docker: null,
        mismatches: [
          { rule: 'unknown-to-api', verdict: 'steady', subject: 'bb' },
          { rule: 'hidden-process', verdict: 'steady', subject: 'pid 77' },
          { rule: 'listening-without-process', verdict: 'steady', subject: 'tcp 0.0.0.0 4444' },
          { rule: 'socket-only-in-netlink', verdict: 'steady', subject: 'udp socket 99' },
          { rule: 'bpf-program-not-listed', verdict: 'race', subject: 'bpf program 9' },
          { rule: 'no-task', verdict: 'race', subject: 'aa' },
        ],
        mismatchesTotal: 6,
      },
    ]);
    const text = presentNodeEvidence(summary);
    expect(text).toContain('n1: by ssh (live-kernel); cannot see: not-root\n  refused before: collector-pod: quota\n');
    expect(text).toContain('  3 processes, 1 of a deleted executable, 1 from memory\n  2 listening sockets\n');
    expect(text).toContain('never below 0.65 cores, at most 3.00, in 3 measurements: shop/web/c6\n');
    expect(text).toContain('views differ: no-task: aa (may have begun or ended meanwhile)');
  });

  it('says nothing where nothing is, and says when an encrypted archive was not read', async () => {
    expect(presentNodeEvidence(await read({ 'other/x.jsonl': [{}] }))).toBe('');
    expect(presentNodeEvidence(null)).toContain('not read');
  });

  it('takes a file that was read again instead of the first, not in addition', async () => {
    const summary = await read({
      'nodes/n1/connections.jsonl': [{ state: 'listen' }],
      'nodes/n1/connections.r2.jsonl': [{ state: 'listen' }, { state: 'listen' }],
    });
    expect(summary.nodes[0]).toMatchObject({ listening: 2, processes: null, way: null });
  });

  it('counts lines that are none and goes on', async () => {
    const broken = Buffer.concat([
      Buffer.from('{"state":"listen"}\nnonsense\n{}\n'),
      Buffer.from('{"state":"listen"}'),
    ]);
    const summary = await read({ 'nodes/n1/connections.jsonl': broken });
    expect(summary).toMatchObject({ unreadable: 3, nodes: [{ listening: 1 }] });
    expect(presentNodeEvidence(summary)).toContain('3 derived lines could not be read');
  });

  it('is refused when the archive is another one meanwhile', async () => {
    const { path } = write({ 'nodes/n1/connections.jsonl': [{ state: 'listen' }] });
    await expect(readNodeEvidence(path, 'a'.repeat(64))).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });
});

describe('diffs of containers', () => {
  it('are counted by class, the gravest changes first, and names cannot leave their line', async () => {
    const summary = await read({
      'container-diff/shop/web.app.12345678/entries.jsonl': [
        entry('/data/plain'),
        entry('/etc/cron.d/x'),
        entry('/tmp/suid\n\u001b[31m', { mode: 0o4755, sniff: { kind: 'elf', marks: [] } }),
        entry('/same', { class: 'copied-up-unchanged' }),
        { not: 'an entry' },
      ],
    });
    expect(summary.containers).toEqual([
      {
        namespace: '',
        pod: '',
        container: 'shop/web.app.12345678',
        entries: [
          { class: 'added', count: 3 },
          { class: 'copied-up-unchanged', count: 1 },
        ],
      },
    ]);
    expect(summary).toMatchObject({ containersTotal: 1, unreadable: 1 });
    expect(summary.changes.map(({ severity }) => severity)).toEqual(['critical', 'high']);
    const text = presentNodeEvidence(summary);
    expect(text).toContain('Container diffs: 1 container; exhibit diff ARCHIVE judges them');
    expect(text).toContain('/tmp/suid\\n\\x1b[31m in shop/web.app.12345678');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('the first of many', () => {
  it('are those that a sort would put first, in the same order, with the number of all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat())),
        fc.integer({ min: 1, max: 8 }),
        (all, limit) => {
          const few = new FirstFew<readonly [number, number]>(limit, ([one], [other]) => one - other);
          for (const one of all) few.add(one);
          expect(few.items).toEqual(all.toSorted(([one], [other]) => one - other).slice(0, limit));
          expect(few.total).toBe(all.length);
        },
      ),
    );
  });
});

describe('whatever a derived file holds', () => {
  it('no line fails, and what is shown is lines of ASCII', () => {
    const files = ['access', 'processes', 'connections', 'stats-series', 'container-views', 'network-findings'];
    const keys = fc.constantFrom(
      'facts',
      'rung',
      'pid',
      'of',
      'measured',
      'cpuNanoCoresMin',
      'cpuNanoCoresMax',
      'rule',
      'state',
      'local',
      'exe',
    );
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('container', '12', -1, 2, '99999999999999999999'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(fc.dictionary(keys, values)), (file, lines) => {
        const gatherer = new NodeGatherer();
        const take = gatherer.takerOf(file);
        for (const line of lines) take?.(line);
        const nodes = [gatherer.summary('n\n1')];
        const nothing = {
          containers: [],
          containersTotal: 0,
          changes: [],
          changesTotal: 0,
          listening: null,
          logs: null,
          unreadable: 0,
        };
        expect(presentNodeEvidence({ nodes, nodesTotal: 1, ...nothing })).toMatch(/^[\x20-\x7e\n]*$/);
      }),
    );
  });
});
