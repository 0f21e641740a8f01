import { describe, expect, it } from 'vitest';
import type { DiffEntry } from '../../model/diff-entry.js';
import { diffEntrySchema } from '../../model/diff-entry.js';
import { HeldEntries } from './held-entries.js';
import { judgeEntry } from './judge-entry.js';

const NONE = { kind: 'data', marks: [] as string[] } as const;
const ELF = { kind: 'elf', marks: [] as string[] } as const;
const SCRIPT = { kind: 'script', interpreter: '/bin/sh', marks: [] as string[] } as const;

function entry(path: string, more: Partial<DiffEntry> = {}): DiffEntry {
  return diffEntrySchema.parse({
    path,
    pathB64: Buffer.from(path).toString('base64'),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: 100_000,
    mtime: '2026-01-01T00:00:00.000000000Z',
    class: 'added',
    allocatedBytes: 102_400,
    nlink: 1,
    inode: '1',
    device: '1',
    atime: '2026-01-01T00:00:00.000000000Z',
    ctime: '2026-01-01T00:00:00.000000000Z',
    btime: null,
    xattrs: [],
    overlay: [],
    sha256: 'a'.repeat(64),
    sniff: NONE,
    base: null,
    differs: [],
    changedDuringRead: false,
    notes: [],
    ...more,
  });
}

const base = (more: object = {}) => ({
  type: 'file' as const,
  mode: 0o755,
  uid: 0,
  gid: 0,
  sizeBytes: 100_000,
  mtime: '2026-01-01T00:00:00.000000000Z',
  layer: 0,
  sha256: 'b'.repeat(64),
  ...more,
});

const said = (one: DiffEntry, runs = false): string[] =>
  judgeEntry({ entry: one, path: one.path, runs }).map(
    ({ driftClass, rule, severity }) => `${driftClass} ${rule} ${severity}`,
  );

describe('entries that are too many', () => {
  it('are held by how grave they are, not by who came first', () => {
    const held = new HeldEntries(3);
    const paths = ['/a1', '/a2', '/a3', '/a4', '/a5'];
    for (const path of paths) held.add({ container: 'c', entry: entry(path) });
    expect(held.isCut).toBe(true);
    held.add({ container: 'c', entry: entry('/usr/bin/evil', { mode: 0o755, sniff: ELF }) });
    held.add({ container: 'c', entry: entry('/tmp/suid', { mode: 0o4755, sniff: ELF }) });
    held.add({ container: 'c', entry: entry('/a6') });
    expect(held.all().map(({ entry: { path } }) => path)).toEqual(['/tmp/suid', '/usr/bin/evil', '/a1']);
  });
});

describe('the rules of drift', () => {
  it.each<[string, DiffEntry, string]>([
    ['a new program', entry('/opt/x', { mode: 0o755, sniff: ELF }), 'X1 new-executable high'],
    ['a new program that cannot be run as it lies', entry('/opt/x', { sniff: ELF }), 'X1 new-elf high'],
    ['a new library', entry('/usr/lib/libx.so.1', { sniff: ELF }), 'X1 new-library high'],
    ['a new script', entry('/opt/x', { sniff: SCRIPT }), 'X1 new-script medium'],
    [
      'a new executable that nobody read',
      entry('/opt/x', { mode: 0o755, sha256: null, sniff: null }),
      'X1 unread-executable high',
    ],
    [
      'a binary with the size and time that it had',
      entry('/bin/ls', { class: 'content-modified', differs: ['content'], base: base(), mode: 0o755, sniff: ELF }),
      'X2 modified-in-disguise critical',
    ],
    [
      'a binary with other content',
      entry('/usr/bin/ls', {
        class: 'content-modified',
        differs: ['content', 'mtime'],
        base: base(),
        mode: 0o755,
        sniff: ELF,
      }),
      'X2 modified-system-file critical',
    ],
    [
      'a program of the application',
      entry('/app/run', {
        class: 'content-modified',
        differs: ['content', 'mtime'],
        base: base(),
        mode: 0o755,
        sniff: SCRIPT,
      }),
      'X2 modified-executable high',
    ],
    [
      'a program where the image has a link',
      entry('/bin/ls', {
        class: 'type-changed',
        differs: ['type'],
        base: base({ type: 'link', linkTarget: '/bin/busybox', sha256: null }),
        mode: 0o755,
        sniff: ELF,
      }),
      'X2 replaced critical',
    ],
    [
      'such a program as a new one, too',
      entry('/bin/ls', { class: 'type-changed', base: base({ type: 'link' }), mode: 0o755, sniff: ELF }),
      'X1 new-executable high',
    ],
    [
      'a link where the image has a program',
      entry('/usr/bin/sudo', { class: 'type-changed', type: 'link', sniff: null, linkTarget: '/tmp/x', base: base() }),
      'X2 replaced critical',
    ],
    [
      'a link where the image has a program elsewhere',
      entry('/app/run', { class: 'type-changed', type: 'link', sniff: null, linkTarget: '/tmp/x', base: base() }),
      'X2 replaced critical',
    ],
    [
      'a link that leads elsewhere',
      entry('/bin/sh', { class: 'content-modified', type: 'link', sniff: null, linkTarget: '/tmp/x', base: base() }),
      'X2 modified-link critical',
    ],
    [
      'a program that was not compared',
      entry('/usr/bin/x', { class: 'undetermined', sha256: null, sniff: null, base: base() }),
      'X2 not-compared high',
    ],
    [
      'code that was not compared',
      entry('/app/x.py', { class: 'undetermined', sha256: null, sniff: null, base: base({ mode: 0o644 }) }),
      'X2 not-compared medium',
    ],
    [
      'a new name of a program',
      entry('/usr/local/bin/kubectl', { type: 'link', sniff: null, linkTarget: '/tmp/.x' }),
      'X1 new-program-link high',
    ],
    [
      'a new name of a program of the image',
      entry('/usr/bin/vi', { type: 'link', sniff: null, linkTarget: '/usr/bin/vim' }),
      'X1 new-program-link medium',
    ],
    ...['/app/server.py', '/usr/local/lib/python3/site-packages/x.py', '/app/a.js', '/srv/a.php', '/app/a.jar'].map(
      (path): [string, DiffEntry, string] => [
        `changed code: ${path}`,
        entry(path, {
          class: 'content-modified',
          differs: ['content', 'mtime'],
          base: base({ mode: 0o644 }),
          sniff: { kind: 'text', marks: [] },
        }),
        'X2 modified-code medium',
      ],
    ),
    [
      'a program that was moved and has no content of its own',
      entry('/tmp/x', {
        class: 'metacopy',
        mode: 0o755,
        sha256: null,
        sniff: null,
        base: base({ pathB64: 'L3Vzci9iaW4vbnNlbnRlcg==' }),
      }),
      'X1 unread-executable high',
    ],
    [
      "a mark that is not the mount's",
      entry('/bin/sh', { class: 'copied-up-unchanged', base: base(), notes: ['foreign-overlay-mark'] }),
      'X9 forged-overlay-mark high',
    ],
    [
      "a mark that may be the mount's",
      entry('/opt', { type: 'directory', sniff: null, notes: ['unclear-overlay-mark'] }),
      'X9 unclear-overlay-mark medium',
    ],
    ['a set-id copy', entry('/tmp/x', { mode: 0o4755, sniff: ELF }), 'X3 set-id critical'],
    [
      'a set-group-id copy of a metacopy',
      entry('/bin/x', { class: 'metacopy', mode: 0o2755, base: base(), differs: ['mode'] }),
      'X3 set-id critical',
    ],
    [
      'capabilities',
      entry('/tmp/x', { xattrs: [{ name: 'security.capability', valueB64: '' }] }),
      'X3 file-capabilities critical',
    ],
    [
      'an execute bit',
      entry('/srv/x', { class: 'metadata-only', mode: 0o755, base: base({ mode: 0o644 }), differs: ['mode'] }),
      'X3 made-executable high',
    ],
    [
      'another owner',
      entry('/srv/x', { class: 'metadata-only', base: base({ mode: 0o644 }), differs: ['uid'] }),
      'X3 changed-owner-or-mode medium',
    ],
    ['ld.so.preload', entry('/etc/ld.so.preload'), 'X4 ld-so-preload critical'],
    ['a cron table', entry('/etc/cron.d/x'), 'X4 cron high'],
    ['the crontab', entry('/etc/crontab'), 'X4 cron high'],
    ['a key to log in', entry('/root/.ssh/authorized_keys'), 'X4 authorized-keys high'],
    ['a start of every Python', entry('/usr/lib/python3/dist-packages/x.pth'), 'X4 python-start high'],
    [
      'a deleted log',
      entry('/var/log/auth.log', { class: 'deleted', sniff: null, base: base({ mode: 0o644 }) }),
      'X5 log-deleted high',
    ],
    [
      'a deleted folder with a history in it',
      entry('/root', {
        class: 'deleted',
        sniff: null,
        base: base({ type: 'directory' }),
        hidden: [{ path: '/root/.bash_history', pathB64: '', type: 'file', sizeBytes: 1 }],
        hiddenTotal: 1,
      }),
      'X5 log-deleted high',
    ],
    ['a deleted shell', entry('/bin/sh', { class: 'deleted', sniff: null, base: base() }), 'X5 shell-deleted medium'],
    [
      'a folder made anew',
      entry('/opt', {
        class: 'opaque-replaced',
        type: 'directory',
        sniff: null,
        base: base({ type: 'directory' }),
        hidden: [{ path: '/opt/a', pathB64: '', type: 'file', sizeBytes: 1 }],
        hiddenTotal: 1,
      }),
      'X5 folder-replaced medium',
    ],
    ['a miner', entry('/tmp/x', { sniff: { kind: 'text', marks: ['stratum'] } }), 'X6 miner high'],
    ['a name that is known', entry('/tmp/xmrig'), 'X6 known-name high'],
    ['packed code', entry('/tmp/x', { sniff: { ...ELF, entropyCentibits: 790 } }), 'X6 packed high'],
    ['a page that runs what it is told', entry('/var/www/html/a.php'), 'X6 web-shell high'],
    [
      'a program that needs nothing',
      entry('/tmp/x', { sniff: { kind: 'elf', isStatic: true, marks: ['go'] } }),
      'X6 static-binary high',
    ],
    [
      'packages',
      entry('/var/lib/dpkg/status', { class: 'content-modified', base: base() }),
      'X7 package-manager medium',
    ],
    ['a kubeconfig', entry('/root/.kube/config'), 'X8 credential-file high'],
    [
      'a private key',
      entry('/tmp/k', { sniff: { kind: 'private-key', marks: ['private-key'] } }),
      'X8 private-key high',
    ],
    [
      'a device',
      entry('/dev/sda', { type: 'block-device', sniff: null, rdev: { major: 8, minor: 0 } }),
      'X9 device high',
    ],
    [
      'a link to a secret',
      entry('/srv/x', { type: 'link', sniff: null, linkTarget: '/etc/shadow' }),
      'X9 link-to-secret high',
    ],
    ['a socket', entry('/srv/x', { type: 'socket', sniff: null }), 'X9 socket medium'],
    [
      'a name that looks like a deletion',
      entry('/srv/.wh.x', { notes: ['name-marks-whiteout'] }),
      'X9 deceiving-name high',
    ],
    ['the memory of a process', entry('/srv/core.12', { sniff: { kind: 'core', marks: [] } }), 'X9 core-dump high'],
    ['what runtimes make', entry('/etc/hostname'), 'X10 made-by-runtime info'],
    ['a history', entry('/root/.ash_history'), 'X12 interactive-trace medium'],
  ])('%s', (_, one, expected) => {
    expect(said(one)).toContain(expected);
  });

  it.each<[string, DiffEntry]>([
    ['data', entry('/srv/data')],
    ['a folder', entry('/srv', { type: 'directory', sniff: null, mode: 0o755 })],
    [
      'a shared library of the image that was only copied up',
      entry('/usr/lib/x.so', { class: 'copied-up-unchanged', sniff: ELF, base: base() }),
    ],
    [
      'a set-id program of the image whose owner is the same',
      entry('/bin/su', { class: 'metadata-only', mode: 0o4755, base: base({ mode: 0o4755 }), differs: ['mtime'] }),
    ],
    [
      'text of the application',
      entry('/app/README', { class: 'content-modified', differs: ['content', 'mtime'], base: base({ mode: 0o644 }) }),
    ],
    [
      'a program of the image whose owner alone was copied',
      entry('/usr/bin/x', {
        class: 'metacopy',
        mode: 0o755,
        sha256: null,
        sniff: null,
        base: base(),
        differs: ['mtime'],
      }),
    ],
    ['a link beside itself', entry('/srv/x', { type: 'link', sniff: null, linkTarget: 'y' })],
  ])('say nothing of %s', (_, one) => {
    expect(said(one)).toEqual([]);
  });

  it('take what runs for critical where it was replaced or changed, whatever its name', () => {
    const replaced = entry('/data/x', { class: 'type-changed', base: base({ type: 'link' }), sniff: ELF });
    expect(said(replaced, true)).toContain('X2 replaced-and-running critical');
    expect(said(replaced, true)).toContain('X1 new-and-running critical');
    const changed = entry('/data/x', {
      class: 'content-modified',
      differs: ['content', 'mtime'],
      base: base({ mode: 0o644 }),
    });
    expect(said(changed, true)).toContain('X2 modified-and-running critical');
  });

  it('put what runs first', () => {
    expect(said(entry('/tmp/x', { mode: 0o755, sniff: ELF }), true)[0]).toBe('X1 new-and-running critical');
  });
});
