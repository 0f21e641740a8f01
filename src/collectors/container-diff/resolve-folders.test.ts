import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { OverlayContainer } from '../../../test/fakes/overlay-container.js';
import { resolveFolders } from './resolve-folders.js';

const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

it('follows links step by step inside the view, and never out of it', async () => {
  const one = new OverlayContainer({ image: [':'] });
  made.push(one);
  const view = join(one.folder, 'view');
  mkdirSync(join(view, 'data/docker/layer'), { recursive: true });
  mkdirSync(join(view, 'var/lib'), { recursive: true });
  writeFileSync(join(view, 'file'), '');
  symlinkSync('/data/docker', join(view, 'var/lib/docker'));
  symlinkSync('../../../../data', join(view, 'var/up'));
  symlinkSync('layer', join(view, 'data/docker/beside'));
  symlinkSync('/loop', join(view, 'loop'));
  symlinkSync(one.folder, join(view, 'outside'));
  const root = join(one.folder, 'proc/4242/root');
  rmSync(root);
  symlinkSync(view, root);
  const where = { access: one.access, view: '4242', signal: new AbortController().signal };
  const asked = [
    '/var/lib/docker/layer',
    '/var/up/docker/beside',
    '/data//docker/./layer/../layer',
    '/loop',
    '/outside',
    '/file',
    '/none',
  ];
  const found = await resolveFolders(where, asked);
  const { dev, ino } = statSync(join(view, 'data/docker/layer'));
  const layer = { view: '4242', path: '/data/docker/layer', identity: `${dev}:${ino}` };
  expect(found).toEqual([layer, layer, layer, null, null, null, null]);
});
