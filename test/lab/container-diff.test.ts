import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffEntrySchema, type DiffEntry } from '../../src/model/diff-entry.js';
import { Desk, kubectl, openLaboratory, records, unpack, workloads, type Laboratory } from './laboratory.js';

/** The node of workloads/attacked, its container and what runs there, taken by the built program through the collector pod, sealed, and judged. */

interface Sealed {
  readonly archivePath: string;
  readonly statement: { readonly exhibitId: string };
}

interface Row {
  readonly severity: string | null;
  readonly entry: DiffEntry | null;
  readonly program: { readonly link: string; readonly isMemory: boolean } | null;
  readonly findings: readonly { readonly driftClass: string; readonly rule: string }[];
}

interface Process {
  readonly pid: number;
  readonly podUid: string | null;
  readonly containerId: string | null;
  readonly own: boolean;
}

interface Connection {
  readonly state: string;
  readonly local: { readonly port: number };
  readonly remote: { readonly port: number };
  readonly owners: readonly Process[];
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string };
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly containerID?: string;
        readonly state: { readonly running?: object };
      }[];
    };
  }[];
}

const COLLECTORS = 'collectors: [container-diff, kubelet-logs, node-network, processes]';
const DERIVED = 'data/derived/nodes/node1';
let laboratory: Laboratory;
let pods: PodList['items'];
let rows: readonly Row[];
let desk: Desk;
let bag: string;
let sealed: Sealed;
const byPath = new Map<string, DiffEntry>();

beforeAll(async () => {
  laboratory = await openLaboratory();
  await workloads('apply', 'attacked');
  desk = await Desk.open(laboratory.kubeconfig);
  const profile = join(desk.home, 'profile.yaml');
  const metadata = 'metadata: { name: one, title: One, description: One, since: 0.1.0 }';
  await writeFile(profile, `apiVersion: kubexhibit.dev/v1\nkind: Profile\n${metadata}\n${COLLECTORS}\n`);
  const image = laboratory.settings['LAB_COLLECTOR_IMAGE'] ?? '';
  const way = ['--node-access', 'collector-pod', '--collector-image', image, '--collector-image-present'];
  const all = await kubectl(laboratory, ['get', 'pods', '-A', '--field-selector', 'spec.nodeName=node1', '-o', 'json']);
  pods = (JSON.parse(all) as PodList).items;
  const collected = await desk.exhibit(['collect', '--node', 'node1', '--profile', profile, '--kubelet', ...way]);
  expect([0, 3], collected.stderr).toContain(collected.exitCode);
  sealed = (await desk.json<Sealed>(['seal'])).result;
  bag = await unpack(sealed.archivePath, sealed.statement.exhibitId);
  const derived = join(bag, 'data/derived/container-diff/exhibit-attacked');
  const [folder = ''] = (await readdir(derived)).filter((name) => name.startsWith('victim.app.'));
  for (const line of await records<unknown>(join(derived, folder, 'entries.jsonl'))) {
    const entry = diffEntrySchema.parse(line);
    byPath.set(Buffer.from(entry.pathB64, 'base64').toString('latin1'), entry);
  }
  const diff = ['diff', sealed.archivePath, '--container', 'exhibit-attacked/victim/app'];
  rows = (await desk.json<{ rows: readonly Row[] }>(diff)).result.rows;
}, 300_000);

afterAll(async () => {
  await workloads('delete', 'attacked');
  await desk.close();
});

describe('a container in which somebody was at work', () => {
  it.each<[string, Partial<DiffEntry>]>([
    ['/bin/busybox', { class: 'content-modified', differs: ['content'] }],
    ['/bin/suid', { class: 'added', mode: 0o4755 }],
    ['/etc/group', { class: 'deleted', overlay: ['whiteout'] }],
    ['/var/log', { class: 'opaque-replaced' }],
    ['/etc/passwd', { class: 'metadata-only', differs: ['mode'] }],
    ['/srv/twins/two', { class: 'added', nlink: 2 }],
    ['/srv/sparse', { class: 'added', sizeBytes: 2 ** 40, sha256: null }],
    ['/srv/new\nline', { class: 'added' }],
    ['/srv/bad\xffutf', { class: 'added' }],
    ['/srv/.wh.mine', { class: 'added', notes: ['name-marks-whiteout'] }],
    [`/srv/${'0'.repeat(255)}`, { class: 'added' }],
    ['/srv/shadow', { class: 'added', type: 'link', linkTarget: '/etc/shadow', sha256: null }],
    ['/srv/loop', { class: 'added', type: 'link' }],
    ['/srv/pipe', { class: 'added', type: 'fifo' }],
    ['/srv/null', { class: 'added', type: 'char-device', rdev: { major: 1, minor: 3 } }],
    // The kernel of the lab renames by copying: a deletion and a new tree.
    ['/root', { class: 'deleted' }],
    ['/home-of-root', { class: 'added', type: 'directory' }],
  ])('%j is what it is', (path, expected) => {
    expect(byPath.get(path)).toMatchObject(expected);
  });

  it('left things outside its layers', () => {
    expect(byPath.get('/cache/note')).toMatchObject({ volume: { kind: 'empty-dir' } });
    expect(byPath.get('/dev/shm/tool')).toMatchObject({ volume: { kind: 'shm' }, sniff: { kind: 'elf' } });
  });

  it('planted a link on the node, which is a name in a listing and nothing of where it leads', async () => {
    const items = await records<{ path: string }>(join(bag, 'meta/items.jsonl'));
    const listings = items.filter(({ path }) => /\/victim\.[0-9a-f]{8}\/app\/diff\/v\d+\/listing\.bin$/.test(path));
    const texts = await Promise.all(listings.map(async ({ path }) => await readFile(join(bag, path), 'latin1')));
    expect(texts.filter((text) => text.includes('\0/etc/shadow\0exhibit-planted\0'))).toHaveLength(1);
    const shadow = await readFile('/etc/shadow', 'latin1').catch(() => null);
    const first = shadow?.split('\n')[0];
    if (first === undefined || first === '') return;
    for (const { path } of items) expect((await readFile(join(bag, path), 'latin1')).includes(first), path).toBe(false);
  });

  it('is shown with the gravest first', () => {
    const rules = new Map(rows.map(({ entry, findings }) => [entry?.path, findings[0]?.rule]));
    expect(rows[0]?.severity).toBe('critical');
    expect(rules.get('/bin/suid')).toBe('set-id');
    expect(rules.get('/bin/busybox')).toBe('modified-in-disguise');
    expect(rules.get('/etc/crontab')).toBe('cron');
    expect(rules.get('/dev/shm/tool')).toBe('new-executable');
    expect(rules.get('/home-of-root/.ash_history')).toBe('interactive-trace');
  });
});

describe('what runs there', () => {
  const runs = (rule: string): (string | undefined)[] =>
    rows.filter(({ findings }) => findings[0]?.rule === rule).map(({ program }) => program?.link);

  it('is in the diff although its file was deleted, and was recovered', async () => {
    expect(runs('runs-deleted')).toContain('/tmp/busybox-gone (deleted)');
    expect(await recovered('/tmp/busybox-gone (deleted)')).toBe(byPath.get('/bin/suid')?.sha256);
  });

  it.runIf(process.arch === 'x64')('is in the diff although it never was a file, and was recovered', async () => {
    expect(runs('runs-from-memory')).toEqual(['/memfd:exhibit-memory (deleted)']);
    expect(await recovered('/memfd:exhibit-memory (deleted)')).toBe(byPath.get('/bin/busybox')?.sha256);
  });

  it('listens and is connected, by pod and process', async () => {
    const victim = pods.find(({ metadata }) => metadata.name === 'victim')?.metadata.uid;
    const connections = await records<Connection>(join(bag, DERIVED, 'connections.jsonl'));
    const of = (state: string, port: (one: Connection) => number): (string | null)[] =>
      connections.flatMap((one) => {
        const isMeant = one.state === state && [4444, 10_250].includes(port(one));
        return isMeant ? one.owners.filter(({ pid }) => pid > 1).map(({ podUid }) => podUid) : [];
      });
    expect(of('listen', ({ local }) => local.port)).toContain(victim);
    expect(of('established', ({ remote }) => remote.port)).toContain(victim);
  });

  it('belongs to the pods and containers that the API names, and no process to any other pod', async () => {
    const processes = await records<Process>(join(bag, DERIVED, 'processes.jsonl'));
    const found = processes.filter(({ own }) => !own);
    for (const { metadata, status } of pods) {
      const ids = (status.containerStatuses ?? [])
        .filter(({ state }) => state.running !== undefined)
        .map(({ containerID = '' }) => containerID.replace('containerd://', ''));
      const mapped = new Set(found.flatMap((one) => (one.podUid === metadata.uid ? [one.containerId] : [])));
      expect([...mapped], metadata.name).toEqual(expect.arrayContaining(ids));
      // Beside its containers a pod has one sandbox.
      if (ids.length > 0) expect(mapped.size, metadata.name).toBeLessThanOrEqual(ids.length + 1);
      for (const id of ids)
        expect(new Set(found.flatMap((one) => (one.containerId === id ? [one.podUid] : [])))).toEqual(
          new Set([metadata.uid]),
        );
    }
  });

  it('planted a link that the kubelet would follow, and nobody asked it to', async () => {
    const tree = await records<{ nameDisplay?: string; fate?: string; target?: string }>(
      join(bag, DERIVED, 'logs-tree.jsonl'),
    );
    expect(tree.find(({ nameDisplay }) => nameDisplay === 'exhibit-planted')).toMatchObject({
      fate: 'link',
      target: '/etc/shadow',
    });
  });
});

/** SHA-256 of the recovered bytes of a program that is no file any more. */
async function recovered(link: string): Promise<string | undefined> {
  const files = await records<{ link: { display: string } | null; path: string | null }>(
    join(bag, DERIVED, 'deleted-files.jsonl'),
  );
  const path = files.find((one) => one.link?.display === link)?.path ?? null;
  return path === null
    ? undefined
    : createHash('sha256')
        .update(await readFile(join(bag, path)))
        .digest('hex');
}
