import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import {
  diffEntriesOf,
  diffOverlay,
  DIFF_DERIVED,
  DIFF_FOLDER,
  DIFF_KEY,
  type AskedDiff,
} from '../../../test/fakes/overlay-diff.js';
import {
  canMountOverlay,
  CONTAINER_ID,
  hasTool,
  isRoot,
  OverlayContainer,
  type OverlayPlan,
} from '../../../test/fakes/overlay-container.js';
import { isSampled } from '../../../test/fakes/sampled.js';
import { ExhibitError } from '../../model/errors.js';
import type { ContainerTarget } from '../../model/target.js';
import type { NodeAccess } from '../../ports/node-access.js';

const IMAGE = ['mkdir etc; printf one > etc/one; printf two > etc/two'];

const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

function container(plan: OverlayPlan): OverlayContainer {
  const one = new OverlayContainer(plan);
  made.push(one);
  return one;
}

const diffOf = async (one: OverlayContainer, asked: AskedDiff = {}) => await diffOverlay(async () => one.access, asked);

/** The access with one of its commands ending in another way. */
function spoilt(access: NodeAccess, name: string, how: 'cut' | 'corrupt' | 'garbage' | 'lost'): NodeAccess {
  return {
    facts: access.facts,
    close: async () => undefined,
    run: async (command, consumer) => {
      if (command.name !== name) return await access.run(command, consumer);
      if (how === 'lost') throw new ExhibitError('NODE_ACCESS_LOST', 'the node is gone', { subject: 'node-1' });
      let sent = 0;
      const end = await access.run(command, {
        chunk: async (bytes) => {
          const piece = how === 'cut' ? bytes.subarray(0, Math.max(0, 700 - sent)) : bytes;
          sent += bytes.length;
          if (piece.length > 0) await consumer.chunk(how === 'garbage' ? Buffer.alloc(piece.length, 'x') : piece);
        },
      });
      return how === 'garbage' ? end : { ...end, end: how, endDetail: 'the stream broke', exitStatus: null };
    },
  };
}

describe('a container whose diff cannot be taken', () => {
  const proc = (): OverlayContainer => container({ image: IMAGE });

  it.each<[string, Partial<ContainerTarget>, string, string]>([
    ['was never created', { containerId: null, state: 'waiting' }, 'absent', 'never-created'],
    ['has an id that is none', { containerId: 'containerd://x y' }, 'absent', 'never-created'],
    ['does not run', { containerId: `containerd://${'b'.repeat(64)}`, state: 'terminated' }, 'skipped', 'not-running'],
  ])('that %s is said so', async (_, target, outcome, reason) => {
    const run = await diffOf(container({ image: IMAGE, isRooted: true }), { target });
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome, reason });
    expect(run.sink.items).toEqual([]);
  });

  it.each([
    ['no overlay', '600 500 8:1 / / rw - ext4 /dev/sda rw', 'skipped', 'unsupported-root'],
    [
      'an overlay without a writable layer',
      '600 500 0:9 / / ro - overlay overlay ro,lowerdir=/a:/b',
      'absent',
      'no-writable-layer',
    ],
    [
      'layers that are not there',
      '600 500 0:9 / / rw - overlay overlay rw,lowerdir=/no/a,upperdir=/no/u,workdir=/no/w',
      'failed',
      'layers-not-found',
    ],
    ['no root at all', '600 500 0:9 / /proc rw - proc proc rw', 'failed', 'no-root-mount'],
  ])('with %s is said so', async (_, root, outcome, reason) => {
    const one = proc();
    one.writeProc({ root, runtime: '500 400 8:1 / / rw - ext4 /dev/sda rw' });
    const run = await diffOf(one);
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome, reason });
    expect(run.sink.items).toEqual([]);
  });

  it('because nothing leads to the node throws what the ladder says', async () => {
    const run = await diffOverlay(
      async () => await Promise.reject(new ExhibitError('NODE_ACCESS_REFUSED', 'no', { subject: 'x' })),
    );
    expect(run.outcomes[0]?.error).toMatchObject({ code: 'NODE_ACCESS_REFUSED' });
  });

  it.each([
    ['tar', { tools: { find: 'x', stat: 'x', grep: 'x', sha256sum: 'x', tar: 'bsdtar 3' } }, 'tool-missing'],
    ['processes and its node no store', { processes: false }, 'not-running'],
  ])('because the way has no %s is skipped', async (_, facts, reason) => {
    const run = await diffOf(container({ image: IMAGE, facts, isRooted: true }));
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'skipped', reason });
  });
});

describe.skipIf(!isRoot)('a stream that breaks (only as root)', () => {
  it.each([
    ['listing-before', 'cut', 'partial'],
    ['content', 'cut', 'partial'],
    ['content', 'corrupt', 'partial'],
    ['content', 'garbage', 'partial'],
    ['listing-after', 'garbage', 'partial'],
    ['layers', 'cut', 'partial'],
    ['layers', 'garbage', 'partial'],
    ['layer-attributes', 'garbage', 'partial'],
  ] as const)('%s: %s', async (name, how, outcome) => {
    const one = container({ image: IMAGE, upper: 'mkdir etc; printf new > etc/one; printf x > etc/three' });
    const run = await diffOverlay(async () => spoilt(one.access, name, how));
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome });
    expect(run.sink.items.length).toBeGreaterThan(0);
  });

  it.each(['container-processes', 'container-mounts', 'layer-hashes'])('%s: nothing answers', async (name) => {
    const one = container({ image: IMAGE, upper: 'mkdir etc; printf new > etc/one' });
    const run = await diffOverlay(async () => spoilt(one.access, name, 'lost'));
    expect(run.outcomes[0]?.error).toMatchObject({ code: 'NODE_ACCESS_LOST' });
  });
});

describe.skipIf(!isRoot)('a writable layer (only as root)', () => {
  it('that is too large is taken without its largest files, and they are named', async () => {
    const upper = 'mkdir "a b"; head -c 300000 /dev/urandom > "a b/large *"; head -c 5000 /dev/urandom > small';
    const run = await diffOf(container({ image: IMAGE, upper }), { limits: { maxUpperBytes: 100_000 } });
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'limit', proof: { leftOut: 1 } });
    const entries = diffEntriesOf(run);
    expect(entries.get('/a b/large *')).toMatchObject({ sha256: null, notes: ['left-out'], sizeBytes: 300_000 });
    expect(entries.get('/small')?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(run.sink.at(`${DIFF_FOLDER}/upper.tar`).bytes.length).toBeLessThan(100_000);
  });

  it('with more entries than are judged is partial, and the listing has all', async () => {
    const run = await diffOf(container({ image: IMAGE, upper: 'touch $(seq 1 50)' }), { limits: { maxEntries: 10 } });
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'limit' });
    expect(diffEntriesOf(run).size).toBe(10);
    expect(run.sink.at(`${DIFF_FOLDER}/listing-before.bin`).bytes.toString('latin1').split('\n').length).toBe(52);
  });

  it('whose marks cannot be read is degraded', async () => {
    const degraded = [{ reason: 'trusted-xattrs-unreadable', detail: 'x' }];
    const run = await diffOf(container({ image: IMAGE, upper: 'touch a', facts: { degraded } }));
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'degraded' });
  });

  it('that changes while it is read says of what', async () => {
    const one = container({ image: IMAGE, upper: 'printf 1 > changes; printf 1 > stays' });
    const { execFileSync } = await import('node:child_process');
    const changing: NodeAccess = {
      ...one.access,
      facts: one.access.facts,
      close: async () => undefined,
      run: async (command, consumer) => {
        if (command.name === 'listing-after')
          execFileSync('sh', ['-c', 'printf 22 > changes; touch new'], { cwd: one.upper });
        return await one.access.run(command, consumer);
      },
    };
    const run = await diffOverlay(async () => changing);
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'collected', proof: { changed: 1, appeared: 1 } });
    const entries = diffEntriesOf(run);
    expect(entries.get('/changes')?.changedDuringRead).toBe(true);
    expect(entries.get('/stays')?.changedDuringRead).toBe(false);
  });

  it.skipIf(!hasTool('setfattr'))(
    'with marks in attributes, as other drivers make them, is read alike (only where setfattr is)',
    async () => {
      const run = await diffOf(
        container({
          image: [
            'mkdir -p gone kept/below moved; printf 1 > gone/a; printf 2 > kept/below/b; printf 3 > moved/c; printf data > meta',
          ],
          upper: `touch gone; setfattr -n trusted.overlay.whiteout gone
          mkdir kept; setfattr -n trusted.overlay.opaque -v y kept
          mkdir new; setfattr -n trusted.overlay.redirect -v /moved new; printf 3 > new/c
          truncate -s 4 meta; chmod 4755 meta; setfattr -n trusted.overlay.metacopy meta`,
        }),
      );
      const entries = diffEntriesOf(run);
      expect(entries.get('/gone')).toMatchObject({
        class: 'deleted',
        overlay: ['whiteout-xattr'],
        hidden: [{ path: '/gone/a' }],
      });
      expect(entries.get('/kept')).toMatchObject({ class: 'opaque-replaced', hiddenTotal: 2 });
      expect(entries.get('/new')).toMatchObject({ class: 'renamed', renamedFrom: '/moved' });
      expect(entries.get('/new/c')).toMatchObject({
        base: { sizeBytes: 1, sha256: expect.stringMatching(/^4e07/) as string },
      });
      const meta = entries.get('/meta');
      // The content is in the layer below: the zeros of the upper file are nothing.
      expect(meta).toMatchObject({
        class: 'metacopy',
        sha256: null,
        base: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
        differs: expect.arrayContaining(['mode']) as string[],
      });
    },
  );

  it.skipIf(!hasTool('setfattr'))(
    'with marks that its container set itself is read as what it is (only where setfattr is)',
    async () => {
      const image = ['mkdir bin etc; printf 1234 > bin/sh; printf 1 > etc/a'];
      const upper = `mkdir bin; printf evil > bin/sh; setfattr -n user.overlay.metacopy -v x bin/sh
        mkdir new; setfattr -n user.overlay.redirect -v /etc new; setfattr -n user.fuseoverlayfs.opaque -v y new`;
      const entries = diffEntriesOf(await diffOf(container({ image, upper })));
      const sh = entries.get('/bin/sh');
      expect(sh).toMatchObject({ class: 'content-modified', overlay: [], notes: ['foreign-overlay-mark'] });
      expect(sh?.xattrs).toContainEqual({ name: 'user.overlay.metacopy', valueB64: 'eA==' });
      expect(sh?.sha256).toBe('b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73');
      expect(entries.get('/new')).toMatchObject({ class: 'added', overlay: [], notes: ['foreign-overlay-mark'] });
    },
  );

  it('is compared through no link of a layer', async () => {
    const run = await diffOf(container({ image: ['ln -s /etc etc'], upper: 'mkdir etc; printf x > etc/passwd' }));
    const entries = diffEntriesOf(run);
    expect(entries.get('/etc')).toMatchObject({ class: 'type-changed', base: { type: 'link', linkTarget: '/etc' } });
    expect(entries.get('/etc/passwd')).toMatchObject({ class: 'added', base: null });
  });

  it('that its runtime did not mount is a disagreement', async () => {
    const one = container({ image: IMAGE, upper: 'touch a' });
    one.writeProc({
      runtime: `500 400 0:99 / /run/x/${CONTAINER_ID}/rootfs rw - overlay overlay rw,lowerdir=/x,upperdir=/y,workdir=/z`,
    });
    const run = await diffOf(one);
    const source = run.sink.at(`${DIFF_DERIVED}/source.jsonl`).bytes.toString();
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'layers-disagree' });
    expect(JSON.parse(source)).toMatchObject({
      runtimeAgrees: 'no',
      disagreements: [expect.stringContaining('other layers')],
    });
  });

  it.each([
    ['another overlay', '600 500 0:98 / / rw - overlay overlay rw,lowerdir=/etc,upperdir=/usr,workdir=/tmp'],
    ['no overlay', '600 500 0:98 / / rw - tmpfs tmpfs rw'],
  ])('is the one that its runtime mounted, when the container went to %s', async (_, root) => {
    const one = container({ image: IMAGE, upper: 'touch a' });
    one.writeProc({ root });
    const run = await diffOf(one);
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'layers-disagree' });
    expect([...diffEntriesOf(run).keys()]).toEqual(expect.arrayContaining(['/a']));
    expect(JSON.parse(run.sink.at(`${DIFF_DERIVED}/source.jsonl`).bytes.toString())).toMatchObject({
      upper: one.upper,
      runtimeAgrees: 'no',
    });
  });

  it.each(['executor', 'exe', 'katalog-api', 'qemu-system-x86'])(
    'is taken whatever its process calls itself: %s',
    async (name) => {
      const one = container({ image: IMAGE, upper: 'touch a' });
      const { execFileSync } = await import('node:child_process');
      execFileSync('sh', ['-ec', `sed -i 's/(sleep)/(${name})/' proc/*/stat`], { cwd: one.folder });
      expect(outcomeOf(await diffOf(one), DIFF_KEY)).toMatchObject({ outcome: 'collected', reason: 'complete' });
    },
  );

  it('under a kernel of its own is told by the helper of its runtime', async () => {
    const one = container({ image: IMAGE, upper: 'touch a' });
    const { execFileSync } = await import('node:child_process');
    const script = `for at in proc/*; do printf '/usr/bin/containerd-shim-runsc-v1\\0-namespace\\0k8s.io\\0' > $at/cmdline; done`;
    execFileSync('sh', ['-ec', script], { cwd: one.folder });
    expect(outcomeOf(await diffOf(one), DIFF_KEY)).toMatchObject({ outcome: 'skipped', reason: 'sandboxed' });
  });

  it('comes with its volumes: content of emptyDir, names of the host, links as links', async () => {
    const one = container({ image: IMAGE, upper: 'touch a' });
    const empty = `${one.folder}/pods/u/volumes/kubernetes.io~empty-dir/cache`;
    const { execFileSync } = await import('node:child_process');
    execFileSync('sh', [
      '-ec',
      `mkdir -p "${empty}" "${one.folder}/hostlog"; printf '\\177ELF' > "${empty}/tool"; mknod "${empty}/zero" c 0 0; ln -s /etc/shadow "${one.folder}/hostlog/planted"`,
    ]);
    one.writeProc({
      more: [
        `601 600 8:1 ${empty} ${empty} rw - ext4 /dev/sda rw`,
        `602 600 8:1 /var/log ${one.folder}/hostlog rw - ext4 /dev/sda rw`,
        '603 600 0:5 / /proc rw - proc proc rw',
        '',
      ].join('\n'),
    });
    const run = await diffOf(one);
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'collected', proof: { volumes: 2 } });
    const entries = diffEntriesOf(run);
    expect(entries.get(`${empty}/tool`)).toMatchObject({
      class: 'added',
      volume: { kind: 'empty-dir' },
      sniff: { kind: 'elf' },
    });
    // No overlay is there: this deletes nothing.
    expect(entries.get(`${empty}/zero`)).toMatchObject({ class: 'added', overlay: [] });
    const names = run.sink.at(`${DIFF_FOLDER}/v1/listing.bin`).bytes.toString('latin1');
    expect(names).toContain('\0/etc/shadow\0planted\0');
    expect(run.sink.paths().join('\n')).not.toContain('v1/upper.tar');
  });
});

describe.skipIf(!isRoot)('volumes that hinder (only as root)', () => {
  async function withVolumes(fill: string): Promise<{ one: OverlayContainer; empty: string }> {
    const one = container({ image: IMAGE, upper: 'touch a' });
    const empty = `${one.folder}/pods/u/volumes/kubernetes.io~empty-dir/cache`;
    const { execFileSync } = await import('node:child_process');
    execFileSync('sh', ['-ec', `mkdir -p "${empty}" hostlog; touch hostlog/x; cd "${empty}"; ${fill}`], {
      cwd: one.folder,
    });
    const more = [
      `601 600 8:1 /var/log ${one.folder}/hostlog rw - ext4 /dev/sda rw`,
      `602 600 8:1 ${empty} ${empty} rw - ext4 /dev/sda rw`,
      '',
    ].join('\n');
    one.writeProc({ more });
    return { one, empty };
  }

  /** The access on which one command fails where its input or arguments name a folder. */
  function failing(access: NodeAccess, name: string, isIt: (count: number) => boolean, view?: string): NodeAccess {
    let count = 0;
    return {
      facts: access.facts,
      close: async () => undefined,
      run: async (command, consumer) => {
        const isNamed = command.name === name && (view === undefined || command.args?.[0] === view);
        if (isNamed) count += 1;
        if (!isNamed || !isIt(count)) return await access.run(command, consumer);
        throw new ExhibitError('NODE_ACCESS_LOST', 'no answer in time', { subject: 'node-1' });
      },
    };
  }

  it('of which one does not answer leave the rest, and are told', async () => {
    const { one, empty } = await withVolumes('touch tool');
    for (const dead of ['volumes-names', 'volumes-folder']) {
      const access =
        dead === 'volumes-names'
          ? spoilt(one.access, 'listing', 'cut')
          : failing(one.access, 'folders', (count) => count === 1, '4242');
      const run = await diffOverlay(async () => access);
      expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'volume-incomplete' });
      expect([...diffEntriesOf(run).keys()]).toEqual(expect.arrayContaining(['/a', `${empty}/tool`]));
    }
  });

  // More than a call may have arguments.
  const fileCount = isSampled ? 10_000 : 130_000;

  it(`of ${String(fileCount)} files are taken as any other`, async () => {
    const { one, empty } = await withVolumes(`seq 1 ${String(fileCount)} | xargs touch`);
    const run = await diffOf(one, { limits: { maxEntries: 200_000 } });
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'collected' });
    const entries = run.sink.at(`${DIFF_DERIVED}/entries.jsonl`).bytes.toString('latin1').split('\n');
    expect(entries.filter((line) => line.includes('"kind":"empty-dir"'))).toHaveLength(fileCount);
    const last = Buffer.from(`${empty}/${String(fileCount)}`).toString('base64');
    expect(entries.filter((line) => line.includes(`"pathB64":"${last}"`))).toHaveLength(1);
  }, 300_000);

  it('and a list of processes that did not come is asked for again', async () => {
    const { one } = await withVolumes('touch tool');
    const access = failing(one.access, 'container-processes', (count) => count === 1);
    expect((await diffOverlay(async () => access)).outcomes[0]?.error).toMatchObject({ code: 'NODE_ACCESS_LOST' });
    expect(outcomeOf(await diffOverlay(async () => access), DIFF_KEY)).toMatchObject({ outcome: 'collected' });
  });
});

describe.skipIf(!canMountOverlay(',redirect_dir=on,metacopy=on'))(
  'an overlay that renames and copies without data (only where it can be mounted)',
  () => {
    it('is told as what it is', async () => {
      const one = container({
        image: ['mkdir -p old/deep; printf data > old/deep/file; printf data > meta'],
        inside: 'mv old new; chmod 4711 meta',
        options: ',redirect_dir=on,metacopy=on',
      });
      const entries = diffEntriesOf(await diffOf(one));
      expect(entries.get('/new')).toMatchObject({ class: 'renamed', renamedFrom: '/old' });
      expect(entries.get('/old')).toMatchObject({ class: 'deleted' });
      expect(entries.get('/meta')).toMatchObject({ class: 'metacopy', mode: 0o4711, base: { mode: 0o644 } });
      expect(entries.get('/meta')).toMatchObject({ sha256: null });
    });
  },
);
