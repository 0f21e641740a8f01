import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffEntrySchema, type DiffEntry } from '../../src/model/diff-entry.js';
import { Desk, openLaboratory, records, unpack, workloads } from './laboratory.js';

/** The container of workloads/attacked, taken by the built program through the collector pod, sealed, and judged. */

interface Sealed {
  readonly archivePath: string;
  readonly statement: { readonly exhibitId: string };
}

interface Row {
  readonly severity: string | null;
  readonly entry: DiffEntry | null;
  readonly findings: readonly { readonly driftClass: string; readonly rule: string }[];
}

let desk: Desk;
let bag: string;
let sealed: Sealed;
const byPath = new Map<string, DiffEntry>();

beforeAll(async () => {
  const laboratory = await openLaboratory();
  await workloads('apply', 'attacked');
  desk = await Desk.open(laboratory.kubeconfig);
  const profile = join(desk.home, 'profile.yaml');
  const metadata = 'metadata: { name: one, title: One, description: One, since: 0.1.0 }';
  await writeFile(profile, `apiVersion: kubexhibit.dev/v1\nkind: Profile\n${metadata}\ncollectors: [container-diff]\n`);
  const image = laboratory.settings['LAB_COLLECTOR_IMAGE'] ?? '';
  const way = ['--node-access', 'collector-pod', '--collector-image', image, '--collector-image-present'];
  const collected = await desk.exhibit(['collect', '--pod', 'exhibit-attacked/victim', '--profile', profile, ...way]);
  expect([0, 3], collected.stderr).toContain(collected.exitCode);
  sealed = (await desk.json<Sealed>(['seal'])).result;
  bag = await unpack(sealed.archivePath, sealed.statement.exhibitId);
  const derived = join(bag, 'data/derived/container-diff/exhibit-attacked');
  const [folder = ''] = (await readdir(derived)).filter((name) => name.startsWith('victim.app.'));
  for (const line of await records<unknown>(join(derived, folder, 'entries.jsonl'))) {
    const entry = diffEntrySchema.parse(line);
    byPath.set(Buffer.from(entry.pathB64, 'base64').toString('latin1'), entry);
  }
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

  it('is shown with the gravest first', async () => {
    const { result } = await desk.json<{ rows: readonly Row[] }>([
      'diff',
      sealed.archivePath,
      '--container',
      'exhibit-attacked/victim/app',
    ]);
    const rules = new Map(result.rows.map(({ entry, findings }) => [entry?.path, findings[0]?.rule]));
    expect(result.rows[0]?.severity).toBe('critical');
    expect(rules.get('/bin/suid')).toBe('set-id');
    expect(rules.get('/bin/busybox')).toBe('modified-in-disguise');
    expect(rules.get('/etc/crontab')).toBe('cron');
    expect(rules.get('/dev/shm/tool')).toBe('new-executable');
    expect(rules.get('/home-of-root/.ash_history')).toBe('interactive-trace');
  });
});
