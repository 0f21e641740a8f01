import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bufferAccess } from '../../../test/fakes/file-access.js';
import type { ContainerLayers } from '../container-layers.js';
import { containerdLayers } from './containerd-layers.js';
import { readContainerdMeta } from './read-meta.js';
import { readSnapshotter } from './read-snapshotter.js';

/**
 * Databases that Debian's containerd 1.6.20 wrote: `ctr images import`, containers `web` (with CRI's labels and a variable TOKEN) and
 * `second` made, `gone-1` to `gone-24` made and removed one after the other.
 */
const fixture = (name: string): Buffer =>
  gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures', `containerd-1.6.20-${name}.db.gz`)));

const meta = (): Buffer => fixture('meta');
const ROOT = '/var/lib/containerd';
const SNAPSHOTS = `${ROOT}/io.containerd.snapshotter.v1.overlayfs/snapshots`;

async function layers(metaBytes = meta(), metadata: Buffer | null = fixture('metadata')): Promise<ContainerLayers[]> {
  const snapshotters = new Map(
    metadata === null ? [] : [['overlayfs', readSnapshotter(bufferAccess(metadata))] as const],
  );
  return containerdLayers({ root: ROOT, meta: await readContainerdMeta(bufferAccess(metaBytes)), snapshotters });
}

const named = (list: readonly ContainerLayers[], id: string): ContainerLayers | undefined =>
  list.find((one) => one.id === id);

describe('what containerd keeps on its disk', () => {
  it('says of a container that does not run which folders it is made of', async () => {
    expect(named(await layers(), 'web')).toMatchObject({
      runtime: 'containerd',
      namespace: 'k8s.io',
      pod: { namespace: 'shop', name: 'web-0', uid: '11111111-2222-3333-4444-555555555555' },
      name: 'web',
      kind: 'container',
      image: 'example.test/busybox:1',
      imageDigest: 'sha256:71211e67894ebe3d7785bae898abda62bc19db911d23bccb3365b7a4042e9c98',
      createdAt: '2026-11-22T10:12:29.874632325Z',
      snapshotter: 'overlayfs',
      layout: 'overlay',
      upper: `${SNAPSHOTS}/2/fs`,
      lowers: [`${SNAPSHOTS}/1/fs`],
      carved: false,
      problems: [],
    });
  });

  it('tells how it was to run, with the names of its variables and not what is in them', async () => {
    const web = named(await layers(), 'web');
    expect(web?.spec).toMatchObject({ args: ['sh'], envNames: ['PATH', 'TOKEN'], rootPath: 'rootfs' });
    expect(JSON.stringify(web)).not.toContain('hunter2');
  });

  it('gives back containers that were removed, marked so, with a folder that was not yet cleared away', async () => {
    const gone = named(await layers(), 'gone-24');
    expect(gone).toMatchObject({ carved: true, namespace: null, image: 'example.test/busybox:1' });
    expect(gone?.pod).toStrictEqual({ namespace: 'shop', name: 'evil-24', uid: '' });
    expect(gone).toMatchObject({ upper: `${SNAPSHOTS}/33/fs`, lowers: [`${SNAPSHOTS}/1/fs`] });
  });

  it('lists a container that is there once, whatever earlier states of it still lie about', async () => {
    const all = await layers();
    const living = all.filter(({ carved }) => !carved).map(({ id }) => id);
    expect(living.toSorted()).toStrictEqual(['second', 'web']);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    // What it can give back is chance; that it is only what was there is not.
    expect(all.every(({ id }) => /^(?:web|second|gone-\d+)$/.test(id))).toBe(true);
  });

  it('lists images and blobs with their sizes', async () => {
    const { images, blobs } = await readContainerdMeta(bufferAccess(meta()));
    expect(images.map(({ name }) => name)).toStrictEqual(['example.test/busybox:1']);
    expect(blobs).toHaveLength(3);
    expect(blobs.every(({ digest, sizeBytes }) => digest.startsWith('sha256:') && (sizeBytes ?? 0) > 100)).toBe(true);
  });

  it('says when the snapshotter could not be read', async () => {
    expect(named(await layers(meta(), null), 'web')).toMatchObject({
      upper: null,
      problems: ['snapshotter-unreadable'],
    });
  });

  it('keeps its word to the page when one is damaged: nothing thrown, the loss counted', async () => {
    const whole = meta();
    for (let page = 2; page < whole.length / 4096; page += 1) {
      const damaged = Buffer.from(whole);
      damaged.fill(0xff, page * 4096, (page + 1) * 4096);
      const read = await readContainerdMeta(bufferAccess(damaged));
      const living = read.containers.filter(({ carved }) => !carved).map(({ id }) => id);
      expect(living.length === 2 || read.lost > 0).toBe(true);
      expect(living.every((id) => id === 'web' || id === 'second')).toBe(true);
    }
  });
});
