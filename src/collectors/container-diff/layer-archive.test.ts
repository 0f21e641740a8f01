import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { honestCluster } from '../../../test/fakes/fake-cluster-world.js';
import {
  canMountOverlay,
  CONTAINER_ID,
  OverlayContainer,
  type OverlayPlan,
} from '../../../test/fakes/overlay-container.js';
import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { tarEnd, tarMember, type WrittenMember } from '../../lib/pax-tar/pax-tar-writer.js';
import { diffSourceSchema, type DiffSource } from '../../model/diff-entry.js';
import { containerDiff } from './collector.js';
import { LayerArchive } from './layer-archive.js';

const UID = '12345678-1234-1234-1234-123456789abc';
const DERIVED = 'data/derived/container-diff/shop/web-1.app.12345678';
const LIMITS = { maxUpperBytes: 1 << 30, maxVolumeBytes: 1 << 20, maxEntries: 10_000 };
const ENV = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

const folders: string[] = [];
const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'exhibit-layer-'));
  folders.push(path);
  return path;
}

async function diff(plan: OverlayPlan): Promise<{ one: OverlayContainer; run: FakeRun; source: DiffSource }> {
  const one = new OverlayContainer(plan);
  made.push(one);
  const app = {
    name: 'app',
    role: 'main' as const,
    containerId: `containerd://${CONTAINER_ID}`,
    restartCount: 0,
    state: 'running' as const,
    stateReason: '',
    hasPrevious: false,
  };
  const pod = { namespace: 'shop', name: 'web-1', uid: UID, node: 'node-1', phase: 'Running', containers: [app] };
  const run = await runCollector({
    collector: containerDiff(LIMITS),
    cluster: new FakeCluster(honestCluster),
    targets: fakeTargets({ nodes: [fakeNode('node-1')], podList: [pod] }),
    limits: { idleTimeoutMs: 60_000 },
    nodeAccess: async () => await Promise.resolve(one.access),
  });
  expect([...run.sink.open_]).toEqual([]);
  expect(outcomeOf(run, `container-diff/shop/web-1.${UID}/app`).outcome).toBe('collected');
  const source = diffSourceSchema.parse(JSON.parse(run.sink.at(`${DERIVED}/source.jsonl`).bytes.toString('latin1')));
  return { one, run, source };
}

function bash(script: string, cwd: string): string {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: ENV,
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** As a runtime applies a layer: what a mark names goes, marks go, the rest is laid over. */
const APPLY = String.raw`
  mkdir layer; tar -xpf layer.tar -C layer --numeric-owner --xattrs --xattrs-include='*'
  ( cd layer
    find . -name '.wh..wh..opq' -print0 | while IFS= read -r -d '' mark; do
      at=$(dirname "$mark"); rm -rf "../base/$at"; mkdir "../base/$at"; rm "$mark"; done
    find . -name '.wh.*' -print0 | while IFS= read -r -d '' mark; do
      name=$(basename "$mark"); rm -rf "../base/$(dirname "$mark")/${'$'}{name#.wh.}"; rm "$mark"; done )
  tar -cf - --xattrs --xattrs-include='*' -C layer . | tar -xpf - -C base --numeric-owner --xattrs --xattrs-include='*'
  cd base; find . -mindepth 1 -printf '%P %y %m %U %G %l\n' | sort; find . -type f ! -name sparse -print0 | sort -z | xargs -0 sha256sum`;

const IMAGE = [
  `mkdir -p bin etc opt/old opt/gone var; printf 'good tool' > bin/tool; printf 'mode' > etc/mode; printf 'one' > opt/old/one
   printf 'gone' > etc/gone; printf 'also' > etc/also; printf x > opt/gone/x; printf 'type' > etc/type; chmod 755 bin/tool`,
];
const LONG = '0'.repeat(255);
const INSIDE = `
  printf 'evil tool' > bin/tool; chmod 4755 bin/tool; chmod 600 etc/mode; rm etc/gone etc/also; rm -r opt/gone
  rm -r opt/old; mkdir opt/old; printf 'new' > opt/old/two; rm etc/type; mkdir etc/type; touch etc/type/in
  printf 'twice' > etc/twice; ln etc/twice etc/twin; ln -s /etc/shadow etc/link; mkfifo etc/pipe; mknod etc/null c 1 3
  printf 'deep' > var/${LONG}; ln -s ${LONG} var/long; chown 3000000:7 etc/mode; printf 'bytes' > "$(printf 'etc/bad\\377utf')"
  printf 'l' > "$(printf 'etc/new\\nline')"; truncate -s 64M var/sparse; printf end | dd of=var/sparse bs=1 seek=60000000 conv=notrunc status=none
  setfattr -n user.note -v 'a=b' etc/twice 2>/dev/null || true
  find . -mindepth 1 -printf '%P %y %m %U %G %l\\n' | LC_ALL=C sort > ../shown
  find . -type f ! -name sparse -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >> ../shown`;

describe.skipIf(!canMountOverlay())('the layer archive of a container (only where overlays can be mounted)', () => {
  it('laid over the image gives what the container saw, with stock tools alone', async () => {
    const { one, run, source } = await diff({ image: IMAGE, inside: INSIDE });
    expect(source.layerTar).toMatchObject({ path: `${DERIVED}/layer.tar`, leftOut: 0, problem: null });
    const layer = run.sink.at(`${DERIVED}/layer.tar`);
    expect(layer.draft.sensitivity).toBe('secret');
    expect(layer.facts.derivedFrom).toEqual(['data/pods/shop/web-1.12345678/app/diff/upper.tar']);
    expect(layer.bytes.length).toBeLessThan(1 << 20);
    const at = temporary();
    writeFileSync(join(at, 'layer.tar'), layer.bytes);
    execFileSync('cp', ['-a', join(one.folder, 'l0'), join(at, 'base')]);
    const names = bash('tar -tf layer.tar --quoting-style=escape', at).split('\n');
    expect(names).toEqual(
      expect.arrayContaining(['etc/.wh.gone', 'etc/.wh.also', 'opt/.wh.gone', 'opt/old/.wh..wh..opq']),
    );
    expect(names).not.toContain('etc/gone');
    const shown = bash('cat shown', one.folder);
    expect(bash(APPLY, at)).toBe(shown);
    const [size = '', sum = ''] = bash('stat -c %s var/sparse; sha256sum < var/sparse', join(at, 'base')).split('\n');
    expect(Number(size)).toBe(2 ** 26);
    expect(sum).toBe(bash('sha256sum < var/sparse', join(one.folder, 'u')).trimEnd());
  });

  it('never says that something was deleted because the container named a file so', async () => {
    const { run, source } = await diff({
      image: IMAGE,
      inside: `
        touch etc/.wh.mode; mkdir etc/.wh..wh..opq; printf x > etc/.wh..wh..opq/in; ln etc/mode etc/.wh.linked; ln -s x .wh.etc
        setfattr -n user.overlay.opaque -v y etc 2>/dev/null || true; printf kept > etc/kept; printf two > etc/.wh.one; ln etc/.wh.one etc/two`,
    });
    const at = temporary();
    writeFileSync(join(at, 'layer.tar'), run.sink.at(`${DERIVED}/layer.tar`).bytes);
    const names = bash('tar -tf layer.tar', at).split('\n');
    expect(names.filter((name) => name.includes('.wh.'))).toEqual([]);
    expect(names).toContain('etc/kept');
    const lines = run.sink.at(`${DERIVED}/layer-left-out.jsonl`).bytes.toString('latin1').trimEnd().split('\n');
    const listed = lines.map((line) => JSON.parse(line) as { path: string; reason: string });
    const reasons = new Map(listed.map(({ path, reason }) => [path, reason]));
    expect(source.layerTar?.leftOut).toBe(reasons.size);
    for (const path of ['/etc/.wh.mode', '/etc/.wh..wh..opq', '/etc/.wh..wh..opq/in', '/.wh.etc', '/etc/.wh.one'])
      expect(reasons.get(path), path).toBe('name-marks-whiteout');
    // Of two names of one file the archive has the content at the first: which that is, is the filesystem's choice.
    expect(names.includes('etc/two') || reasons.get('/etc/two') === 'link-to-left-out').toBe(true);
  });
});

const member = (name: string, more: Partial<WrittenMember> = {}): WrittenMember => ({
  type: 'file',
  name: Buffer.from(name, 'latin1'),
  linkName: Buffer.alloc(0),
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeNs: 0n,
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
  sparse: null,
  ...more,
});

/** Names in the layer archive of an archive that a node may have sent, and what stays out. */
function converted(members: readonly WrittenMember[], userXattr = false): { names: string[]; leftOut: string[] } {
  const archive = new LayerArchive({ userXattr });
  const bytes: Buffer[] = [];
  const upper = Buffer.concat([...members.map((one) => tarMember(one)), tarEnd()]);
  for (const event of new PaxTarReader().feed(upper)) bytes.push(...archive.take(event));
  const reader = new PaxTarReader();
  const names: string[] = [];
  for (const event of reader.feed(Buffer.concat([...bytes, tarEnd()])))
    if (event.kind === 'entry') names.push(event.entry.name.toString('latin1'));
  reader.end();
  return { names, leftOut: archive.leftOut.map(({ path, reason }) => `${path} ${reason}`) };
}

describe('the layer archive of hostile bytes', () => {
  it.each<[string, WrittenMember[], string[], string[]]>([
    [
      'a way out',
      [member('./../etc/cron.d/x'), member('/abs'), member('a/../b'), member('ok')],
      ['ok'],
      ['../etc/cron.d/x unsafe-name', '/abs unsafe-name', 'a/../b unsafe-name'],
    ],
    [
      'names of one whiteout',
      [member('./a', { type: 'char-device' }), member('./b/c', { type: 'hard-link', linkName: Buffer.from('./a') })],
      ['.wh.a', 'b/.wh.c'],
      [],
    ],
    ['a whiteout of a mark', [member('./.wh..opq', { type: 'char-device' })], [], ['.wh..opq name-marks-whiteout']],
    ['a whiteout of the longest name', [member(LONG, { type: 'char-device' })], [], [`${LONG} name-too-long`]],
    [
      'an opaque root',
      [member('./', { type: 'directory', xattrs: new Map([['trusted.overlay.opaque', Buffer.from('y')]]) })],
      ['.wh..wh..opq'],
      [],
    ],
    [
      'a file without its content',
      [member('./m', { xattrs: new Map([['trusted.overlay.metacopy', Buffer.alloc(0)]]) })],
      [],
      ['m metacopy'],
    ],
    [
      'a renamed folder',
      [member('./new/', { type: 'directory', xattrs: new Map([['trusted.overlay.redirect', Buffer.from('old')]]) })],
      ['new/'],
      ['new renamed'],
    ],
    [
      'an attribute that only looks like a mark',
      [member('./w', { xattrs: new Map([['user.overlay.whiteout', Buffer.from('y')]]) })],
      ['w'],
      [],
    ],
  ])('has of %s what it may', (_, members, names, leftOut) => {
    expect(converted(members)).toEqual({ names, leftOut });
  });

  it('takes marks in user attributes where the overlay was mounted so', () => {
    const marked = member('./w', { xattrs: new Map([['user.overlay.whiteout', Buffer.from('y')]]) });
    expect(converted([marked], true).names).toEqual(['.wh.w']);
  });
});
