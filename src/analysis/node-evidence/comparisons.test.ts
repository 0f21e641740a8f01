import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzipOf, jsonLines, makeBag, packBag, type PayloadSpec } from '../../../test/fakes/archive-builder.js';
import { presentNodeEvidence } from '../../cli/present-node-evidence.js';
import { compareLogs } from './compare-logs.js';
import { DeclaredPorts } from './declared-ports.js';
import { instantNs } from './instant-ns.js';
import { ListeningGatherer } from './listening-gatherer.js';
import { LogSpan } from './log-span.js';
import type { NodeEvidenceSummary } from './node-evidence.js';
import { readNodeEvidence } from './read-node-evidence.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-comparisons-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

type File = readonly object[] | object | string;

async function read(
  files: Readonly<Record<string, File>>,
  subjects: Readonly<Record<string, PayloadSpec['subject']>> = {},
): Promise<NodeEvidenceSummary> {
  const payload = Object.entries(files).map(([path, content], index): PayloadSpec => {
    const bytes =
      typeof content === 'string'
        ? Buffer.from(content)
        : Array.isArray(content)
          ? jsonLines(content)
          : Buffer.from(JSON.stringify(content));
    const subject = subjects[path];
    return {
      path: `data/${path}`,
      bytes,
      artifact: `a${String(index)}`,
      ...(subject === undefined ? {} : { subject }),
    };
  });
  const bytes = gzipOf(packBag(makeBag({ payload })));
  const path = join(folder, 'x.tar.gz');
  writeFileSync(path, bytes);
  return await readNodeEvidence(path, createHash('sha256').update(bytes).digest('hex'));
}

const raw = (text: string): object => ({ b64: Buffer.from(text).toString('base64'), display: text });
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000000Z`;

describe('logs on the disk against those from the API', () => {
  const UID = '11111111-2222-4333-8444-555555555555';
  const HOLES = 'derived/nodes/n1/os-files/pod-logs-on-disk.log-holes.jsonl';
  const API = 'pods/shop/web.11111111/app/current.log';
  const file = (first: number, last: number, more: object = {}): object => ({
    current: false,
    lines: last - first + 1,
    wholeLines: last - first + 1,
    bytes: (last - first + 1) * 40,
    firstAt: at(first),
    lastAt: at(last),
    ...more,
  });
  const instance = (number: number, files: readonly object[], more: object = {}): object => ({
    namespace: raw('shop'),
    pod: raw('web'),
    podUid: raw(UID),
    container: raw('app'),
    instance: number,
    onDisk: { files: files.length, unreadableFiles: 0 },
    files,
    ...more,
  });
  const log = (first: number, last: number): string => {
    let text = '';
    for (let second = first; second <= last; second += 1) text += `${at(second)} line ${String(second)}\n`;
    return text;
  };
  const subject = (count: number) => ({ podUid: UID, restartCount: { before: count, after: count } });

  it('show how many lines of which time only one of them has', async () => {
    const summary = await read(
      {
        [HOLES]: [instance(2, [file(0, 9), file(10, 19), file(20, 29)]), instance(0, [file(1, 3)])],
        [API]: log(20, 31),
      },
      { [API]: subject(2) },
    );
    expect(summary.logs).toMatchObject({ compared: 2, holesTotal: 2, linesOnlyOnDisk: 23, linesOnlyFromApi: 2 });
    expect(summary.logs?.holes).toMatchObject([
      {
        node: 'n1',
        namespace: 'shop',
        pod: 'web',
        container: 'app',
        instance: 2,
        apiOutcome: 'collected',
        onDisk: { lines: 30, firstAt: at(0), lastAt: at(29) },
        fromApi: { lines: 12, firstAt: at(20), lastAt: at(31) },
        onlyOnDisk: { lines: 20, bytes: 800, firstAt: at(0), lastAt: at(19) },
        onlyFromApi: { lines: 2, firstAt: at(29), lastAt: at(31) },
      },
      { instance: 0, fromApi: null, apiOutcome: null, onlyOnDisk: { lines: 3 } },
    ]);
    const text = presentNodeEvidence(summary);
    expect(text).toContain('2 instances of containers, 2 differ; 23 lines on the disk alone, 2 from the API alone\n');
    expect(text).toContain(
      `  shop/web/app #2 on n1: 20 lines on the disk alone (${at(0)} to ${at(19)}); 2 lines from the API alone (${at(29)} to ${at(31)})\n`,
    );
    expect(text).toContain('  shop/web/app #0 on n1: nothing of it from the API; 3 lines on the disk alone');
  });

  it('are no hole where the API gave all, whatever the zone of the times', async () => {
    const zoned = file(20, 29, { firstAt: '2026-01-01T02:00:20+02:00', lastAt: '2026-01-01T02:00:29+02:00' });
    const previous = 'pods/shop/web.11111111/app/previous.log';
    const summary = await read(
      { [HOLES]: [instance(1, [zoned]), instance(0, [file(1, 4)])], [API]: log(20, 29), [previous]: log(1, 4) },
      { [API]: subject(1), [previous]: subject(1) },
    );
    expect(summary.logs).toMatchObject({ compared: 2, holesTotal: 0, linesOnlyOnDisk: 0, linesOnlyFromApi: 0 });
  });

  const HASH = '0123456789abcdef'.repeat(2);
  const mirrorOf = (uid: string, mirror: string): object => ({
    metadata: { uid, name: 'web', namespace: 'shop', annotations: { 'kubernetes.io/config.mirror': mirror } },
  });

  it.each([
    ['says that it is the mirror of this pod', UID, [mirrorOf(UID, ''), mirrorOf('evil', UID)]],
    ['says so before this pod is listed', UID, [mirrorOf('evil', UID), mirrorOf(UID, '')]],
    ['claims a name that is no digest', 'abc', [mirrorOf('evil', 'abc')]],
    ['claims the digest of another', HASH, [mirrorOf('other', HASH), mirrorOf('evil', HASH)]],
    ['claims it first', HASH, [mirrorOf('evil', HASH), mirrorOf('other', HASH), mirrorOf('evil', HASH)]],
  ])('are not given to a pod that %s', async (_, known, items) => {
    const pages = { 'cluster/lists/core.v1.pods/page-0001.json': { items } };
    const disk = { [HOLES]: [instance(0, [file(1, 4)], { podUid: raw(known) })] };
    const summary = await read({ ...pages, ...disk, [API]: log(1, 4) }, { [API]: { ...subject(0), podUid: 'evil' } });
    expect(summary.logs).toMatchObject({ compared: 1, holes: [{ fromApi: null }] });
  });

  it('of a static pod are found under the digest of its manifest', async () => {
    const pod = mirrorOf(UID, HASH);
    const summary = await read(
      {
        'cluster/lists/core.v1.pods/page-0001.json': { items: [pod] },
        [HOLES]: [instance(0, [file(1, 4)], { podUid: raw(HASH) })],
        [API]: log(1, 4),
      },
      { [API]: subject(0) },
    );
    expect(summary.logs).toMatchObject({ compared: 1, holesTotal: 0 });
  });

  it('are not matched where the container restarted while it was read, and a file that cannot be read is said', async () => {
    const summary = await read(
      {
        [HOLES]: [instance(1, [file(1, 4), {}], { onDisk: { files: 3, unreadableFiles: 1 } })],
        [API]: log(1, 4),
      },
      { [API]: { podUid: UID, restartCount: { before: 0, after: 1 } } },
    );
    expect(summary.logs).toMatchObject({ isCut: true, holes: [{ fromApi: null, unreadableFiles: 1 }] });
    expect(presentNodeEvidence(summary)).toContain('1 files could not be read');
  });

  it('are not compared where the archive has only one of them', async () => {
    expect((await read({ [HOLES]: [instance(0, [file(1, 2)])] })).logs).toBeNull();
    expect((await read({ [API]: log(1, 2) })).logs).toBeNull();
  });

  it('differ by exactly what rotation took, and what came after the disk was read', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cuts, fc.nat(5), fc.nat(6), (sizes, served, later) => {
        let second = 0;
        const files = sizes.map((lines) => {
          const [firstAt, lastAt] = [at(second), at(second + lines - 1)];
          second += lines;
          return { lines, bytes: lines, firstAt, lastAt };
        });
        // The API serves the last files, and what was written since.
        const kept = sizes.slice(Math.max(0, sizes.length - 1 - served));
        const shared = kept.reduce((sum, lines) => sum + lines, 0);
        const api = { lines: shared + later, bytes: 0, firstAt: at(second - shared), lastAt: at(second - 1 + later) };
        const { onlyOnDisk, onlyFromApi } = compareLogs({ files, unreadableFiles: 0 }, api);
        expect(onlyOnDisk.lines).toBe(second - shared);
        expect(onlyFromApi.lines).toBe(later);
        if (second > shared) expect(onlyOnDisk).toMatchObject({ firstAt: at(0), lastAt: at(second - shared - 1) });
      }),
    );
  });

  it('are measured the same, however the bytes are cut', () => {
    const line = fc.oneof(
      fc.string(),
      fc.nat(59).map((second) => `${at(second)} x`),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(300)), fc.boolean(), (lines, cuts, isEnded) => {
        const plain = lines.map((text) => text.replaceAll('\n', ' '));
        const bytes = Buffer.from(plain.join('\n') + (isEnded ? '\n' : ''));
        const span = new LogSpan();
        let from = 0;
        for (const cut of cuts.toSorted((one, other) => one - other)) {
          span.write(bytes.subarray(from, Math.max(from, cut)));
          from = Math.max(from, Math.min(cut, bytes.length));
        }
        span.write(bytes.subarray(from));
        span.end();
        const timed = plain.filter((text) => text.startsWith('2026-'));
        const ends = bytes.filter((byte) => byte === 0x0a).length;
        expect(span.lines).toBe(ends + (bytes.length > 0 && bytes.at(-1) !== 0x0a ? 1 : 0));
        expect(span.bytes).toBe(bytes.length);
        expect(span.firstAt).toBe(timed[0]?.slice(0, 30) ?? null);
        expect(span.lastAt).toBe(timed.at(-1)?.slice(0, 30) ?? null);
      }),
    );
  });

  it('are compared to the nanosecond', () => {
    expect(instantNs('2026-01-01T00:00:00.000000001Z')).toBe(1_767_225_600_000_000_001n);
    expect(instantNs('2026-01-01T01:00:00.5+01:00')).toBe(1_767_225_600_500_000_000n);
    expect(instantNs('2026-13-01T00:00:00Z')).toBeNull();
    expect(instantNs('yesterday')).toBeNull();
  });
});

describe('what listens against pods and Services', () => {
  const pod = (uid: string, name: string, container: object): object => ({
    metadata: { uid, name, namespace: 'shop' },
    spec: { containers: [{ name: 'app', ...container }] },
  });
  const socket = (namespace: string, port: number, more: object = {}): object => ({
    namespace,
    protocol: 'tcp',
    state: 'listen',
    local: { address: '0.0.0.0', port },
    owners: [{ comm: raw('server'), podUid: null }],
    ...more,
  });
  const slice = (uid: string, port: number, more: object = {}): object => ({
    metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints: [{ targetRef: { kind: 'Pod', uid, name: 'web' }, conditions: { ready: true }, ...more }],
    ports: [{ port, protocol: 'TCP' }],
  });
  const world = {
    'cluster/lists/core.v1.pods/page-0001.json': {
      items: [
        pod('u1', 'web', { ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 8081 } } }),
        pod('u2', 'host', { ports: [{ containerPort: 9100, hostPort: 9100 }] }),
      ],
    },
    'cluster/lists/core.v1.services/shop/page-0001.json': { items: [{ spec: { ports: [{ nodePort: 30_080 }] } }] },
    'cluster/lists/discovery.k8s.io.v1.endpointslices/page-0001.json': {
      items: [slice('u1', 8080), slice('u1', 8443), slice('u1', 9443, { conditions: { ready: false } })],
    },
    'derived/nodes/n1/network-namespaces.jsonl': [
      { namespace: '1', host: true, outcome: 'collected', pods: ['u2'] },
      { namespace: '2', host: false, outcome: 'collected', pods: ['u1'] },
      { namespace: '3', host: false, outcome: 'collected', pods: ['u9'] },
      { namespace: '4', host: false, outcome: 'failed', pods: ['u1'] },
    ],
  };

  it('names what nobody declared, and the Service behind which nobody is', async () => {
    const summary = await read({
      ...world,
      'derived/nodes/n1/connections.jsonl': [
        socket('2', 80),
        socket('2', 8080),
        socket('2', 8081),
        socket('2', 4444, { owners: [{ comm: raw('nc\n'), podUid: 'u1' }] }),
        socket('2', 5555, { local: { address: '127.0.0.1', port: 5555 } }),
        socket('2', 8443, { local: { address: '::1', port: 8443 }, protocol: 'tcp6' }),
        socket('3', 1234),
        socket('1', 9100, { owners: [{ comm: raw('exporter'), podUid: 'u2' }] }),
        socket('1', 9999, { owners: [{ comm: raw('exporter'), podUid: 'u2' }] }),
        socket('1', 10_250),
        socket('1', 30_080),
        socket('1', 31_337, { owners: [] }),
        { ...socket('2', 53), protocol: 'udp', state: 'close' },
        socket('2', 443, { state: 'established' }),
      ],
    });
    expect(summary.listening).toMatchObject({ compared: 10, undeclaredTotal: 4, deafTotal: 1, isCut: false });
    expect(summary.listening?.undeclared).toEqual([
      expect.objectContaining({ rule: 'listening-in-unknown-pod', port: 1234, pod: null, podUid: 'u9' }),
      expect.objectContaining({ rule: 'listening-not-declared', port: 4444, pod: 'web', process: 'nc\n' }),
      expect.objectContaining({ rule: 'listening-not-declared', port: 9999, pod: 'host' }),
      expect.objectContaining({ rule: 'listening-on-node', port: 31_337, podUid: null, process: null }),
    ]);
    expect(summary.listening?.deaf).toMatchObject([{ namespace: 'shop', service: 'web', port: 8443, node: 'n1' }]);
    const text = presentNodeEvidence(summary);
    expect(text).toContain('10 compared, 4 that no object names, 1 endpoints where nothing listens\n');
    expect(text).toContain('  listening-not-declared: 0.0.0.0 4444 in shop/web on n1, by nc\\n\n');
    expect(text).toContain('  service-without-listener: shop/web sends to TCP 8443 of web on n1');
  });

  it('says nothing without pods or without namespaces, and says when a page could not be read', async () => {
    const { 'cluster/lists/core.v1.pods/page-0001.json': _, ...withoutPods } = world;
    expect(
      (await read({ ...withoutPods, 'derived/nodes/n1/connections.jsonl': [socket('2', 1)] })).listening,
    ).toBeNull();
    const torn = { ...world, 'cluster/lists/core.v1.services/shop/page-0001.json': '{"items":[' };
    const summary = await read({ ...torn, 'derived/nodes/n1/connections.jsonl': [socket('1', 30_080)] });
    expect(summary.listening).toMatchObject({ undeclaredTotal: 1, isCut: true });
    expect(presentNodeEvidence(summary)).toContain('; not everything could be compared');
  });

  it('does not judge what is in a namespace that could not be read, and says that it did not', async () => {
    const summary = await read({
      ...world,
      'derived/nodes/n1/connections.jsonl': [socket('2', 80), socket('4', 80), socket('5', 80)],
    });
    expect(summary.listening).toMatchObject({ compared: 1, undeclaredTotal: 0, isCut: true });
    const local = { local: { address: '127.0.0.1', port: 1 } };
    const onLoopback = await read({ ...world, 'derived/nodes/n1/connections.jsonl': [socket('4', 1, local)] });
    expect(onLoopback.listening).toMatchObject({ compared: 0, isCut: false });
  });

  it('gives no pod the sockets of another that it calls its manifest', async () => {
    const annotations = { 'kubernetes.io/config.mirror': 'u1' };
    const forged = { metadata: { uid: 'evil', name: 'evil', namespace: 'x', annotations }, spec: {} };
    const { 'cluster/lists/core.v1.pods/page-0001.json': first } = world;
    const pages = { 'cluster/lists/core.v1.pods/page-0001.json': { items: [...first.items, forged] } };
    const summary = await read({
      ...world,
      ...pages,
      'derived/nodes/n1/connections.jsonl': [socket('2', 80), socket('2', 4444)],
    });
    expect(summary.listening?.undeclared).toMatchObject([{ port: 4444, podUid: 'u1', pod: 'web' }]);
  });

  it('counts a list that was read again once', () => {
    const gatherer = new ListeningGatherer(2);
    gatherer.pageTaker('data/cluster/lists/core.v1.pods/page-0001.json');
    gatherer.namespaceTaker('n1')({ namespace: '1', host: true, outcome: 'collected', pods: [] });
    const readOnce = (): void => {
      const take = gatherer.connectionTaker('n1');
      take(socket('1', 22));
      take(socket('1', 31_337));
    };
    readOnce();
    readOnce();
    expect(gatherer.summary()).toMatchObject({ compared: 2, isCut: false });
    gatherer.connectionTaker('n2')(socket('1', 22));
    expect(gatherer.summary()).toMatchObject({ compared: 2, isCut: true });
  });

  it('survives whatever the lists hold', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.array(fc.jsonValue()), (objects, lines) => {
        const declared = new DeclaredPorts();
        for (const object of objects) {
          declared.takePod(object);
          declared.takeService(object);
          declared.takeEndpointSlice({ endpoints: objects, ports: objects });
        }
        const gatherer = new ListeningGatherer();
        const [connection, namespace] = [gatherer.connectionTaker('n'), gatherer.namespaceTaker('n')];
        for (const line of lines) {
          connection(line);
          namespace(line);
        }
        expect(gatherer.summary()).toBeNull();
      }),
    );
  });
});
