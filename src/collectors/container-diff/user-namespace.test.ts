import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { CONTAINER_ID, hasTool, isRoot, OverlayContainer } from '../../../test/fakes/overlay-container.js';
import { diffEntriesOf, diffOverlay, diffSourceOf, DIFF_KEY } from '../../../test/fakes/overlay-diff.js';

/** Root of the container, who is this one on the node. */
const OUTSIDE = 100_000;

/** Runs in the root of a container with user ids of its own, on an overlay that the kernel let its user mount. */
const ENTER = `chown -R ${OUTSIDE}:${OUTSIDE} . && exec setpriv --reuid=${OUTSIDE} --regid=${OUTSIDE} --clear-groups \
  unshare --user --map-root-user --mount bash -euc \
  'mount -t overlay overlay -o "userxattr,lowerdir=$PWD/l0,upperdir=$PWD/u,workdir=$PWD/w" m
   grep " - overlay " /proc/self/mountinfo > mountinfo; cat /proc/self/uid_map > uid_map; cd m; . ../inside.sh'`;

const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

/** The container after the script ran in it, with the mount table that the kernel showed there. */
function container(image: string, inside: string): OverlayContainer {
  const one = new OverlayContainer({ image: [image] });
  made.push(one);
  writeFileSync(join(one.folder, 'inside.sh'), inside, { mode: 0o755 });
  execFileSync('bash', ['-euc', ENTER], { cwd: one.folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const mounts = readFileSync(join(one.folder, 'mountinfo'), 'utf8');
  const line = mounts.split('\n').find((text) => text.includes(`${one.folder}/m `)) ?? '';
  const at = (mountPoint: string): string => line.replace(`${one.folder}/m`, mountPoint);
  one.writeProc({ root: at('/'), runtime: at(`/run/x/${CONTAINER_ID}/rootfs`) });
  writeFileSync(join(one.folder, 'proc/4242/uid_map'), readFileSync(join(one.folder, 'uid_map')));
  return one;
}

function canEnter(): boolean {
  if (!isRoot || !hasTool('setfattr') || !hasTool('setpriv')) return false;
  try {
    container('touch a', 'touch b');
    return true;
  } catch {
    return false;
  } finally {
    for (const one of made.splice(0)) one.remove();
  }
}

describe.skipIf(!canEnter())(
  'a container in a user namespace (only as root, with setfattr, where users may mount overlays)',
  () => {
    const IMAGE = `mkdir -p bin etc opt/old opt/kept; printf 1234 > bin/sh; printf gone > etc/gone; printf one > opt/old/one
      printf mode > etc/mode; printf same > opt/kept/same; chmod 755 bin/sh`;

    it('has its marks where its mount keeps them, and its owners as the node has them', async () => {
      const one = container(
        IMAGE,
        `rm etc/gone; rm -r opt/old; mkdir opt/old; printf two > opt/old/two; printf evil > bin/sh; chmod 600 etc/mode
         printf new > etc/new; setfattr -n user.note -v mine etc/new`,
      );
      // The premise: the kernel marked the folder in the attributes of users.
      const marks = execFileSync('getfattr', ['-d', '-m', '-', join(one.upper, 'opt/old')], { encoding: 'utf8' });
      expect(marks).toContain('user.overlay.opaque="y"');
      const run = await diffOverlay(async () => one.access);
      expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'collected', reason: 'complete' });
      const entries = diffEntriesOf(run);
      expect(entries.get('/opt/old')).toMatchObject({ class: 'opaque-replaced', overlay: ['opaque'], notes: [] });
      expect(entries.get('/opt/old')?.hidden).toMatchObject([{ path: '/opt/old/one' }]);
      expect(entries.get('/opt/old/two')).toMatchObject({ class: 'added', overlay: ['below-opaque'] });
      expect(entries.get('/etc/gone')).toMatchObject({ class: 'deleted', overlay: ['whiteout'] });
      expect(entries.get('/bin/sh')).toMatchObject({ class: 'content-modified' });
      expect(entries.get('/etc/mode')).toMatchObject({ class: 'metadata-only', differs: ['mode'] });
      expect(entries.get('/etc/new')).toMatchObject({ class: 'added', uid: OUTSIDE, gid: OUTSIDE });
      expect(entries.get('/etc/new')?.xattrs.map(({ name }) => name)).toContain('user.note');
      expect(diffSourceOf(run)).toMatchObject({ userNamespace: true, runtimeAgrees: 'yes' });
    });

    it('cannot forge a mark: what it sets itself is its own, and told', async () => {
      const one = container(
        IMAGE,
        `printf evil > bin/sh; mkdir new; for mark in user trusted; do
           setfattr -n $mark.overlay.metacopy -v x bin/sh 2>/dev/null && echo $mark >> ../forged || :
           setfattr -n $mark.overlay.redirect -v /etc new 2>/dev/null || :; done`,
      );
      const entries = diffEntriesOf(await diffOverlay(async () => one.access));
      const sh = entries.get('/bin/sh');
      expect(sh).toMatchObject({ class: 'content-modified', overlay: [] });
      expect(entries.get('/new')).toMatchObject({ class: 'added', overlay: [] });
      // The kernel keeps it apart from its own, or refuses it; the other it refuses always.
      const isTaken = existsSync(join(one.folder, 'forged'));
      if (isTaken) expect(readFileSync(join(one.folder, 'forged'), 'utf8')).toBe('user\n');
      const names = sh?.xattrs.map(({ name }) => name) ?? [];
      expect(names.includes('user.overlay.overlay.metacopy')).toBe(isTaken);
      expect(names).not.toContain('user.overlay.metacopy');
      expect(sh?.notes).toEqual(isTaken ? ['foreign-overlay-mark'] : []);
    });

    it('of which the attributes of root are hidden to us is not degraded: its marks are elsewhere', async () => {
      const one = container(IMAGE, 'rm -r opt/old; mkdir opt/old');
      const degraded = [{ reason: 'trusted-xattrs-unreadable', detail: 'x' }];
      const access = {
        ...one.access,
        facts: { ...one.access.facts, degraded },
        run: one.access.run.bind(one.access),
        close: async () => undefined,
      };
      const run = await diffOverlay(async () => access);
      expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'collected' });
      expect(diffEntriesOf(run).get('/opt/old')).toMatchObject({ class: 'opaque-replaced' });
    });
  },
);
