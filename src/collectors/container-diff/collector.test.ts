import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import {
  diffEntriesOf,
  diffOverlay,
  diffSourceOf,
  DIFF_DERIVED,
  DIFF_FOLDER,
  DIFF_KEY,
} from '../../../test/fakes/overlay-diff.js';
import { canMountOverlay, hasTool, OverlayContainer, type OverlayPlan } from '../../../test/fakes/overlay-container.js';
import type { DiffEntry } from '../../model/diff-entry.js';
import type { NodeAccess } from '../../ports/node-access.js';

const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

function container(plan: OverlayPlan): OverlayContainer {
  const one = new OverlayContainer(plan);
  made.push(one);
  return one;
}

const diff = async (access: NodeAccess, limits = {}) =>
  await diffOverlay(async () => access, { limits, target: { imageId: 'sha256:abc' } });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const IMAGE = [
  `mkdir -p bin etc var/log opt/app/conf opt/old usr/lib; printf 'good tool' > bin/tool; printf 'ping' > bin/ping
   printf 'lines' > var/log/auth.log; printf 'a=1' > opt/app/conf/a; printf 'b=1' > opt/app/conf/b
   printf 'same' > etc/same; printf 'mode' > etc/mode; printf 'type' > etc/type; ln -s /etc/mode etc/link
   printf 'old' > opt/old/one; printf 'first' > etc/layered; ln -s usr/lib lib; printf 'x' > usr/lib/x; chmod 755 bin/*
   touch -d 2020-01-02T03:04:05.123456789Z bin/tool etc/same etc/mode`,
  `mkdir -p etc; printf 'second' > etc/layered`,
];

describe.skipIf(!canMountOverlay() || !hasTool('python3'))(
  'the diff of a container (only where overlays can be mounted and python3 is)',
  () => {
    it('tells apart what was done inside', async () => {
      const one = container({
        image: IMAGE,
        inside: `
        printf 'evil tool' > bin/tool; touch -d 2020-01-02T03:04:05.123456789Z bin/tool
        cp -p bin/ping bin/suid; chmod 4755 bin/suid
        rm var/log/auth.log
        rm -r opt/app/conf; mkdir opt/app/conf; printf 'c=1' > opt/app/conf/c; printf 'a=1' > opt/app/conf/a
        chmod 600 etc/mode
        : >> etc/same
        rm etc/type; mkdir etc/type
        ln -sfn /etc/shadow etc/link
        printf 'twice' > etc/twice; ln etc/twice etc/twin
        truncate -s 1T etc/sparse; printf 'end' | dd of=etc/sparse bs=1 seek=1099511627773 conv=notrunc status=none
        printf 'third' > etc/layered
        touch "$(printf 'etc/new\\nline')" "$(printf 'etc/bad\\377utf')" etc/.wh.mine "etc/$(printf '%0255d' 0)"
        ln -s loop etc/loop; ln -s / etc/root
        mkfifo etc/pipe; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("etc/socket")'
        mknod etc/null c 1 3; printf '#!/bin/sh -e\\n' > etc/script`,
      });
      const run = await diff(one.access);
      expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'collected', reason: 'complete' });
      const entries = diffEntriesOf(run);
      const classes = Object.fromEntries([...entries].map(([path, entry]) => [path, entry.class]));
      expect(classes).toMatchObject({
        '/': 'copied-up-unchanged',
        '/bin/tool': 'content-modified',
        '/bin/suid': 'added',
        '/var/log/auth.log': 'deleted',
        '/opt/app/conf': 'opaque-replaced',
        '/opt/app/conf/c': 'added',
        '/etc/mode': 'metadata-only',
        '/etc/same': 'copied-up-unchanged',
        '/etc/type': 'type-changed',
        '/etc/link': 'content-modified',
        '/etc/twice': 'added',
        '/etc/twin': 'added',
        '/etc/sparse': 'added',
        '/etc/layered': 'content-modified',
        '/etc/new\nline': 'added',
        '/etc/bad\xffutf': 'added',
        '/etc/.wh.mine': 'added',
        [`/etc/${'0'.repeat(255)}`]: 'added',
        '/etc/loop': 'added',
        '/etc/root': 'added',
        '/etc/pipe': 'added',
        '/etc/socket': 'added',
        '/etc/null': 'added',
        '/etc/script': 'added',
      });
      const at = (path: string): DiffEntry => entries.get(path) ?? expect.fail(`no ${path}`);
      // Same size, same time: only the hash tells.
      expect(at('/bin/tool')).toMatchObject({
        differs: ['content'],
        sizeBytes: 9,
        mtime: '2020-01-02T03:04:05.123456789Z',
        sha256: sha256('evil tool'),
        base: { layer: 1, sha256: sha256('good tool'), mtime: '2020-01-02T03:04:05.123456789Z', mode: 0o755 },
      });
      expect(at('/bin/suid')).toMatchObject({ mode: 0o4755, base: null, sha256: sha256('ping') });
      expect(at('/var/log/auth.log')).toMatchObject({
        overlay: ['whiteout'],
        rdev: { major: 0, minor: 0 },
        base: { sizeBytes: 5, sha256: sha256('lines') },
      });
      expect(at('/opt/app/conf')).toMatchObject({ overlay: ['opaque'], hiddenTotal: 1 });
      expect(at('/opt/app/conf').hidden?.map(({ path }) => path)).toEqual(['/opt/app/conf/b']);
      expect(at('/opt/app/conf/a')).toMatchObject({ overlay: ['below-opaque'], sha256: sha256('a=1') });
      expect(at('/etc/mode')).toMatchObject({ differs: ['mode'], mode: 0o600, base: { mode: 0o644 } });
      expect(at('/etc/type')).toMatchObject({ type: 'directory', base: { type: 'file', layer: 1 } });
      expect(at('/etc/link')).toMatchObject({
        type: 'link',
        linkTarget: '/etc/shadow',
        base: { linkTarget: '/etc/mode' },
      });
      expect(at('/etc/twin')).toMatchObject({ nlink: 2, sha256: sha256('twice'), inode: at('/etc/twice').inode });
      expect(at('/etc/sparse')).toMatchObject({ sizeBytes: 2 ** 40, sha256: null, notes: ['sparse-too-large'] });
      expect(at('/etc/sparse').allocatedBytes).toBeLessThan(1 << 20);
      expect(at('/etc/layered')).toMatchObject({ base: { layer: 0, sha256: sha256('second') } });
      expect(at('/etc/.wh.mine')).toMatchObject({ notes: ['name-marks-whiteout'], type: 'file' });
      expect(at('/etc/new\nline').path).toBe(String.raw`/etc/new\nline`);
      expect(at('/etc/bad\xffutf').path).toBe(String.raw`/etc/bad\xffutf`);
      expect(at('/etc/pipe').type).toBe('fifo');
      expect(at('/etc/socket')).toMatchObject({ type: 'socket', notes: [] });
      expect(at('/etc/null')).toMatchObject({ type: 'char-device', rdev: { major: 1, minor: 3 }, overlay: [] });
      expect(at('/etc/script').sniff).toMatchObject({ kind: 'script', interpreter: '/bin/sh -e' });
      expect(diffSourceOf(run)).toMatchObject({
        runtimeAgrees: 'yes',
        view: 'node',
        imageId: 'sha256:abc',
        upper: one.upper,
      });
      const upper = run.sink.at(`${DIFF_FOLDER}/upper.tar`);
      expect(upper.draft).toMatchObject({ vantage: 'live-kernel', sensitivity: 'secret' });
      expect(upper.bytes.length).toBeLessThan(1 << 20);
      expect(run.sink.at(`${DIFF_DERIVED}/entries.jsonl`).facts.derivedFrom).toContain(`${DIFF_FOLDER}/upper.tar`);
    });
  },
);
