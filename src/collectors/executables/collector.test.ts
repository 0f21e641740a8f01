import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { openDisk } from '../../node-access/local.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { collector } from './collector.js';
import { ExecutableReader } from './executable-reader.js';
import { EXECUTABLES_SCRIPT } from './script.js';

const ARTIFACT = 'executables/node-a/files';
const LISTING = 'data/derived/nodes/node-a/disk-executables.jsonl';
const ELF = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(200)]);

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-executables-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(path: string | Buffer, content: string | Buffer, mode = 0o755): void {
  const file = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path)]);
  mkdirSync(dirname(file.toString('latin1')), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

async function collectWith(access: NodeAccess): Promise<FakeRun> {
  return await runCollector({
    collector,
    cluster: new FakeCluster(() => ({ status: 404 })),
    targets: fakeTargets({ nodes: [fakeNode('node-a')] }),
    limits: { idleTimeoutMs: 20_000 },
    nodeAccess: async () => access,
  });
}

async function collectDisk(): Promise<FakeRun> {
  const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
  return await collectWith(await openDisk({ node: 'node-a', root }, options, new AbortController().signal));
}

interface Line {
  readonly path: { readonly b64: string; readonly display: string };
  readonly [field: string]: unknown;
}

function lines(run: FakeRun): Line[] {
  const text = run.sink.at(LISTING).bytes.toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .toSorted((one, other) => (one.path.display < other.path.display ? -1 : 1));
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

describe('executables of a disk', () => {
  it('are listed with hash, owner, mode and what they begin as', async () => {
    put('usr/bin/tool', ELF, 0o4755);
    put('usr/bin/script', '#!/bin/sh\necho hidden\n');
    put('usr/lib/libx.so.1', ELF, 0o644);
    put('lib/modules/6/net.ko.xz', 'module', 0o644);
    put('usr/share/doc/readme', 'no program', 0o644);
    put('tmp/.x/miner', ELF);
    const run = await collectDisk();
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'collected', proof: { files: 5, unread: 0 } });
    expect(lines(run)).toMatchObject([
      { path: { display: 'lib/modules/6/net.ko.xz' }, role: 'kernel-module', kind: 'other', sha256: sha256('module') },
      { path: { display: 'tmp/.x/miner' }, role: 'executable', kind: 'elf' },
      {
        path: { display: 'usr/bin/script' },
        kind: 'script',
        interpreter: { display: '#!/bin/sh' },
        sha256: sha256('#!/bin/sh\necho hidden\n'),
      },
      { path: { display: 'usr/bin/tool' }, kind: 'elf', mode: 0o4755, sizeBytes: ELF.length, sha256: sha256(ELF) },
      { path: { display: 'usr/lib/libx.so.1' }, role: 'library', mode: 0o644 },
    ]);
    expect(lines(run)[0]?.['modified']).toMatch(/^\d+\.\d{9}$/);
  });

  it('have names that are bytes, and no name passes for another thing', async () => {
    const names = ['S', 'E', 'B', 'line\nend', '-n', `${'0'.repeat(64)}  x`, 'quote"\'$(id)', '\\x41'];
    for (const name of names) put(`usr/bin/${name}`, ELF);
    put(Buffer.concat([Buffer.from('usr/bin/'), Buffer.from([0xff, 0xfe])]), ELF);
    const run = await collectDisk();
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'collected', proof: { files: names.length + 1 } });
    const found = lines(run).map(({ path }) => Buffer.from(path.b64, 'base64').toString('latin1'));
    expect(found.toSorted()).toStrictEqual([...names.map((name) => `usr/bin/${name}`), 'usr/bin/\xff\xfe'].toSorted());
    expect(lines(run).every((line) => line['sha256'] === sha256(ELF))).toBe(true);
  });

  it('are never those of the machine that reads the disk', async () => {
    put('usr/bin/tool', ELF);
    symlinkSync('/bin', join(root, 'bin'));
    symlinkSync('/usr', join(root, 'opt'));
    symlinkSync('/', join(root, 'usr/outside'));
    symlinkSync('/var', join(root, 'var'));
    const run = await collectDisk();
    expect(lines(run).map(({ path }) => path.display)).toStrictEqual(['usr/bin/tool']);
  });

  it('above a gigabyte are listed and not hashed, which is a gap', async () => {
    put('usr/bin/huge', '');
    truncateSync(join(root, 'usr/bin/huge'), 1024 ** 4);
    const run = await collectDisk();
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'partial', reason: 'too-large' });
    expect(lines(run)).toMatchObject([{ path: { display: 'usr/bin/huge' }, sizeBytes: 1024 ** 4, sha256: null }]);
  });

  it('are none, which is said, on a disk without any', async () => {
    const run = await collectDisk();
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'empty' });
  });

  it.each([
    ['cut', 'partial'],
    ['corrupt', 'partial'],
    ['timeout', 'partial'],
  ] as const)('are partial when the stream ends as %s', async (end, outcome) => {
    put('usr/bin/tool', ELF);
    const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
    const whole = await openDisk({ node: 'node-a', root }, options, new AbortController().signal);
    const run = await collectWith({
      facts: whole.facts,
      close: async () => await whole.close(),
      run: async (command, consumer) => ({ ...(await whole.run(command, consumer)), end, endDetail: end }),
    });
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome, reason: end });
    expect(run.sink.open_.size).toBe(0);
  });

  it('are skipped where the far side has no tool for it', async () => {
    const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
    const whole = await openDisk({ node: 'node-a', root }, options, new AbortController().signal);
    const bare = { ...whole.facts, tools: { find: 'BusyBox' } };
    const run = await collectWith({
      facts: bare,
      close: async () => undefined,
      run: async () => await Promise.reject(new Error('run')),
    });
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'skipped', reason: 'tool-missing' });
  });
});

describe('the script', { timeout: 60_000 }, () => {
  const read = (script: string, path = ''): ExecutableReader => {
    const PATH = `${path}${process.env['PATH'] ?? ''}`;
    const env = { PATH, LC_ALL: 'C', ROOT: root };
    const reader = new ExecutableReader();
    reader.feed(execFileSync('sh', ['-c', script, 'exhibit', 'usr'], { env }));
    return reader;
  };

  it('does not wait for a file that becomes a pipe, and hashes its neighbours', () => {
    for (const name of ['a', 'b', 'c']) put(`usr/bin/${name}`, ELF);
    const swap = `rm -f "$ROOT/usr/bin/b"; mkfifo "$ROOT/usr/bin/b"; chmod 755 "$ROOT/usr/bin/b"`;
    put('tools/stat', `#!/bin/sh\nPATH=\${PATH#*:}\nstat "$@"\n${swap}\n`);
    const reader = read(EXECUTABLES_SCRIPT.replace('KILL 150', 'KILL 2'), `${root}/tools:`);
    const found = reader.take().map(({ path, sha256: sum, kind }) => [path.toString(), sum, kind]);
    expect(found.toSorted()).toEqual([
      ['usr/bin/a', sha256(ELF), 'elf'],
      ['usr/bin/b', null, 'other'],
      ['usr/bin/c', sha256(ELF), 'elf'],
    ]);
    expect(reader).toMatchObject({ malformed: 0, unread: 1, isBetweenBatches: true });
  });

  it('reads nothing of a folder that was exchanged for a link after it was searched, and says so', () => {
    put('usr/bin/kept', ELF);
    put('usr/local/x/tool', ELF);
    put('usr/local/gone/tool', ELF);
    put('elsewhere/tool', '#!/bin/sh secret\n');
    const swap = `mv "$ROOT/usr/local/x" "$ROOT/aside"; ln -s ../../elsewhere "$ROOT/usr/local/x"; rm -r "$ROOT/usr/local/gone"`;
    put('tools/head', `#!/bin/sh\nPATH=\${PATH#*:}\nhead "$@"\n[ -L "$ROOT/usr/local/x" ] || { ${swap}; }\n`);
    const env = { PATH: `${root}/tools:${process.env['PATH'] ?? ''}`, LC_ALL: 'C', ROOT: root };
    const { status, stdout } = spawnSync('sh', ['-c', EXECUTABLES_SCRIPT, 'exhibit', 'usr'], { env });
    const reader = new ExecutableReader();
    reader.feed(stdout);
    expect(reader.take().map(({ path }) => path.toString())).toEqual(['usr/bin/kept']);
    expect(stdout.includes('secret') || stdout.includes(sha256('#!/bin/sh secret\n'))).toBe(false);
    expect(reader).toMatchObject({ malformed: 0, unread: 0, isBetweenBatches: true });
    expect(status).toBe(9);
  });

  it('takes no folder that is gone for one that was exchanged', () => {
    put('usr/bin/kept', ELF);
    put('usr/gone/tool', ELF);
    put('tools/head', `#!/bin/sh\nPATH=\${PATH#*:}\nhead "$@"\nrm -rf "$ROOT/usr/gone"\n`);
    expect(
      read(EXECUTABLES_SCRIPT, `${root}/tools:`)
        .take()
        .map(({ path }) => path.toString()),
    ).toEqual(['usr/bin/kept']);
  });

  it('names each file by its own folder, however many are in one batch', () => {
    const paths = ['usr/a', 'usr/b/a', 'usr/b/c/a', 'usr/b/c/d', 'usr/b/z', 'usr/two\nlines\n/a', 'usr/e'];
    for (const path of paths) put(path, `#!${path.length}\n`);
    const found = read(EXECUTABLES_SCRIPT).take();
    expect(found.map(({ path }) => path.toString()).toSorted()).toEqual(paths.toSorted());
    for (const { path, sha256: sum, interpreter } of found)
      expect([sum, interpreter]).toEqual([sha256(`#!${path.length}\n`), `#!${path.length}`]);
  });

  it('needs no more memory for a file without any NUL', () => {
    const huge = Buffer.alloc(128 * 1024 * 1024, 0x61);
    put('usr/bin/huge', huge);
    put('usr/bin/script', Buffer.concat([Buffer.from('#!/bin/sh -e\n'), huge]));
    put('usr/bin/tool', ELF);
    const reader = read(`ulimit -v 196608\n${EXECUTABLES_SCRIPT}`);
    const found = reader.take().map(({ path, kind, interpreter }) => [path.toString(), kind, interpreter]);
    expect(found.toSorted()).toEqual([
      ['usr/bin/huge', 'other', null],
      ['usr/bin/script', 'script', '#!/bin/sh -e'],
      ['usr/bin/tool', 'elf', null],
    ]);
    expect(reader).toMatchObject({ malformed: 0, unread: 0, isBetweenBatches: true });
  });
});

describe('the reader of the listing', () => {
  it('takes no hash of those that are void', () => {
    const row = ['S', './a', '1', '81ed', '0', '0', '1', '1', '1', '1.000000000', '1.000000000'];
    const reader = new ExecutableReader();
    const cut = `${'a'.repeat(64)}  ./a`;
    reader.feed(Buffer.from([...row, cut, `${'b'.repeat(64)}  ./x`, 'V', 'E', ''].join('\0')));
    expect(reader.take()).toMatchObject([{ sha256: null }]);
    expect(reader).toMatchObject({ malformed: 0, unread: 1 });
  });

  it('takes any bytes in any pieces, and keeps its promise', () => {
    const field = fc.oneof(
      fc.constantFrom('S', 'E', 'B', 'V', 'D', './a', '0:#!x', `${'a'.repeat(64)}  ./a`),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(field), fc.array(fc.nat(40)), (fields, cuts) => {
        const bytes = Buffer.from(fields.map((one) => `${one}\0`).join(''));
        const reader = new ExecutableReader();
        let from = 0;
        for (const cut of cuts) {
          reader.feed(Buffer.from(bytes.subarray(from, from + cut)));
          from += cut;
        }
        reader.feed(Buffer.from(bytes.subarray(from)));
        const whole = new ExecutableReader();
        whole.feed(bytes);
        expect(reader.take()).toStrictEqual(whole.take());
        expect(reader.files).toBe(whole.files);
      }),
    );
  });
});
