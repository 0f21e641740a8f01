import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import { openDisk } from '../../node-access/local.js';
import type { Collector } from '../../ports/collector.js';
import type { NodeAccess, NodeCommand, NodeCommandEnd, NodeStreamConsumer } from '../../ports/node-access.js';
import { collector } from './collector.js';

let root: string;
let outside: string;
const put = (path: string, content: string | Buffer = 'x'): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-os-'));
  outside = mkdtempSync(join(tmpdir(), 'exhibit-outside-'));
  writeFileSync(join(outside, 'authorized_keys'), 'OF THE ANALYST');
  put('etc/os-release', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n');
  put('etc/passwd', 'root:x:0:0::/root:/bin/sh\nmallory:x:1000:1000::/home/mallory:/bin/sh\n');
  mkdirSync(join(root, 'home/mallory'), { recursive: true });
  mkdirSync(join(root, 'root'), { recursive: true });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
});

const key = (name: string): string => `os-files/node-1/${name}`;
const rawPath = (name: string): string => `data/nodes/node-1/os-files/${name}`;

/** Runs these artifacts, or all, against the small disk. */
async function collect(names: readonly string[] | 'all', wrap: (access: NodeAccess) => NodeAccess = (one) => one) {
  const access = wrap(
    await openDisk({ node: 'node-1', root }, { clock: systemClock, ids: systemIds }, new AbortController().signal),
  );
  const only: Collector = {
    ...collector,
    async *plan(context) {
      for await (const planned of collector.plan(context))
        if (names === 'all' || names.some((name) => planned.artifact === key(name))) yield planned;
    },
  };
  const cluster = new FakeCluster(() => {
    throw new Error('the cluster is not asked');
  });
  const targets = fakeTargets({ nodes: [fakeNode('node-1')] });
  const run = await runCollector({ collector: only, cluster, targets, nodeAccess: async () => access });
  expect([...run.sink.open_]).toEqual([]);
  return run;
}

type Line = Record<string, unknown>;
const derived = (run: FakeRun, name: string): Line[] =>
  run.sink
    .at(`data/derived/nodes/node-1/os-files/${name}.jsonl`)
    .bytes.toString('latin1')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const shown = (line: Line): string => (line['path'] as { display: string }).display;
const members = (run: FakeRun, name: string): string[] =>
  execFileSync('tar', ['-tf', '-'], { input: run.sink.at(`${rawPath(name)}/files.tar`).bytes })
    .toString()
    .trimEnd()
    .split('\n');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a small disk', () => {
  it('is not walked where an artifact leaves a whole folder out', async () => {
    put('run/kept/tool', 'program');
    put('run/containerd/rootfs/proc/tool', 'program');
    for (const path of ['run/kept/tool', 'run/containerd/rootfs/proc/tool']) chmodSync(join(root, path), 0o755);
    const run = await collect(['executables']);
    expect(derived(run, 'executables').map(shown)).toEqual(['/run/kept/tool']);
    expect(run.sink.at(`${rawPath('executables')}/listing.nul`).bytes.includes('rootfs')).toBe(false);
  });

  it(
    'gives every artifact of the catalogue an outcome, files as they are, and the coverage',
    { timeout: 120_000 },
    async () => {
      put('var/log/auth.log', 'Jan 1 sshd: Accepted\n');
      put('var/log/auth.log.1.gz', gzipSync('older\n'));
      put('etc/ssh/sshd_config', 'PermitRootLogin yes\n');
      put('etc/ssh/ssh_host_ed25519_key', 'SECRET-KEY-BYTES');
      put('home/mallory/.ssh/authorized_keys', 'ssh-ed25519 AAAA mallory\n');
      put('etc/shadow', 'root:$6$SECRET-HASH\n');
      const run = await collect('all');
      expect(run.outcomes.filter(({ error }) => error !== null)).toEqual([]);
      expect(outcomeOf(run, key('auth-logs'))).toMatchObject({
        outcome: 'collected',
        proof: { read: 2, expected: true },
      });
      expect(derived(run, 'auth-logs')[0]).toMatchObject({
        type: 'file',
        sizeBytes: 21,
        content: 'taken',
        changedWhileRead: false,
        sha256: sha256('Jan 1 sshd: Accepted\n'),
      });
      expect(members(run, 'auth-logs')).toEqual(['var/log/auth.log', 'var/log/auth.log.1.gz']);
      expect(derived(run, 'ssh-users').map(shown)).toEqual(['/home/mallory/.ssh/authorized_keys']);
      expect(derived(run, 'private-keys')[0]).toMatchObject({ content: 'hashed', sha256: sha256('SECRET-KEY-BYTES') });
      for (const item of run.sink.items) expect(item.bytes.includes('SECRET-')).toBe(false);
      expect(outcomeOf(run, key('wtmpdb'))).toMatchObject({
        outcome: 'absent',
        reason: 'no-such-file',

        proof: { expected: false, foldersDenied: 0 },
      });
      expect(outcomeOf(run, key('kernel-state'))).toMatchObject({ outcome: 'absent', reason: 'no-running-kernel' });
      const coverage = JSON.parse(run.sink.at('data/derived/nodes/node-1/os-files/coverage.json').bytes.toString()) as {
        expected: number;
        found: number;
        missing: { name: string }[];
        system: object;
        notReadInThisRun: string[];
      };
      expect(coverage.system).toMatchObject({ osId: 'ubuntu', osFamily: 'debian', role: 'worker' });
      expect(coverage.found + coverage.missing.length).toBe(coverage.expected);
      expect(coverage.missing.map(({ name }) => name)).toContain('login-records');
      expect(coverage.missing.map(({ name }) => name)).not.toContain('auth-logs');
      expect(coverage.notReadInThisRun).toEqual([]);
    },
  );

  it('has a file of several names whole under each', async () => {
    put('etc/cron.d/one', 'the same');
    mkdirSync(join(root, 'etc/cron.daily'));
    for (const other of ['etc/cron.d/two', 'etc/cron.daily/three'])
      linkSync(join(root, 'etc/cron.d/one'), join(root, other));
    const run = await collect(['cron']);
    expect(outcomeOf(run, key('cron'))).toMatchObject({ outcome: 'collected', proof: { read: 3 } });
    expect(derived(run, 'cron')).toMatchObject(
      Array.from({ length: 3 }, () => ({ links: 3, readBytes: 8, sha256: sha256('the same') })),
    );
  });

  it('keeps owner, mode, attributes and holes, whatever the names are', async () => {
    const name = Buffer.concat([Buffer.from(`${root}/var/log/`), Buffer.from('auth.log-\xff\n\x1b[31m', 'latin1')]);
    put('var/log/auth.log', 'x');
    writeFileSync(name, 'strange');
    put('var/log/messages', '');
    const sparse = openSync(join(root, 'var/log/syslog'), 'w');
    writeSync(sparse, 'end', 1_000_000);
    closeSync(sparse);
    truncateSync(join(root, 'var/log/syslog'), 1024 ** 4);
    chmodSync(join(root, 'var/log/auth.log'), 0o4751);
    const run = await collect(['auth-logs']);
    expect(outcomeOf(run, key('auth-logs'))).toMatchObject({ outcome: 'collected' });
    const lines = derived(run, 'auth-logs');
    expect(lines.find((line) => shown(line) === '/var/log/auth.log')).toMatchObject({
      mode: 0o4751,
      uid: process.getuid?.(),
    });
    const strange = lines.find((line) => line['sha256'] === sha256('strange'))!;
    expect(strange['path']).toEqual({
      b64: Buffer.from('/var/log/auth.log-\xff\n\x1b[31m', 'latin1').toString('base64'),
      display: '/var/log/auth.log-\\xff\\n\\x1b[31m',
    });
    expect(lines.find((line) => shown(line) === '/var/log/messages')).toMatchObject({ sha256: sha256('') });
    // A terabyte of holes: taken as holes, and not hashed as zeros.
    expect(lines.find((line) => shown(line) === '/var/log/syslog')).toMatchObject({
      sizeBytes: 1024 ** 4,
      content: 'taken',
      sha256: null,
    });
    expect(run.sink.at(`${rawPath('auth-logs')}/files.tar`).bytes.length).toBeLessThan(100_000);
  });
});

describe('what a hostile node plants', () => {
  it('a link is recorded and never followed, neither as a file nor on the way to one', async () => {
    mkdirSync(join(root, 'root/.ssh'));
    symlinkSync(join(outside, 'authorized_keys'), join(root, 'root/.ssh/authorized_keys'));
    symlinkSync(outside, join(root, 'home/mallory/.ssh'));
    const run = await collect(['ssh-users']);
    expect(outcomeOf(run, key('ssh-users'))).toMatchObject({
      outcome: 'partial',
      reason: 'behind-link',
    });
    expect(derived(run, 'ssh-users')).toMatchObject([
      { type: 'link', linkTarget: { display: join(outside, 'authorized_keys') }, content: 'taken', sha256: null },
    ]);
    for (const item of run.sink.items) expect(item.bytes.includes('OF THE ANALYST')).toBe(false);
  });

  it('a home that leads out of the root is not entered', async () => {
    put(
      'etc/passwd',
      `a:x:0:0::/../..${outside}:/bin/sh\nb:x:0:0::/home/./mallory/../mallory:/bin/sh\nc:x:0:0::relative:\n`,
    );
    mkdirSync(join(outside, '.ssh'));
    writeFileSync(join(outside, '.ssh/authorized_keys'), 'OF THE ANALYST');
    put('home/mallory/.ssh/authorized_keys', 'ours');
    const run = await collect(['ssh-users']);
    for (const item of run.sink.items) expect(item.bytes.includes('OF THE ANALYST')).toBe(false);
    expect(outcomeOf(run, key('ssh-users')).outcome).not.toBe('absent');
  });

  it('the links of a merged system are no gap', async () => {
    put('usr/lib/systemd/system/evil.service', '[Service]\n');
    symlinkSync('usr/lib', join(root, 'lib'));
    symlinkSync('/run', join(root, 'var-run'));
    const run = await collect(['systemd-units']);
    expect(outcomeOf(run, key('systemd-units'))).toMatchObject({ outcome: 'collected', proof: { read: 1 } });
    expect(members(run, 'systemd-units')).toEqual(['usr/lib/systemd/system/evil.service']);
  });

  it('FIFOs and sockets are listed and not opened', async () => {
    put('etc/cron.d/job', '* * * * * root id\n');
    spawnSync('mkfifo', [join(root, 'etc/cron.d/fifo')]);
    const server = createServer().listen(join(root, 'etc/cron.d/socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const run = await collect(['cron']);
    server.close();
    expect(outcomeOf(run, key('cron'))).toMatchObject({ outcome: 'collected', proof: { listed: 3, read: 1 } });
    expect(derived(run, 'cron').map((line) => [shown(line), line['type'], line['content']])).toEqual([
      ['/etc/cron.d/fifo', 'fifo', 'listed'],
      ['/etc/cron.d/job', 'file', 'taken'],
      ['/etc/cron.d/socket', 'socket', 'listed'],
    ]);
  });
});

describe('what cannot be had', () => {
  it('a compressed log that holds too much is taken, and said to be unmeasured', async () => {
    const log = 'var/log/pods/shop_web_0f3c/app/0.log.20260101-000000.gz';
    put(log, gzipSync(Buffer.alloc(129 * 1024 * 1024, '\n')));
    put('var/log/pods/shop_web_0f3c/app/0.log', '2026-01-01T00:00:00Z stdout F x\n');
    const run = await collect(['pod-logs-on-disk']);
    expect(outcomeOf(run, key('pod-logs-on-disk'))).toMatchObject({
      outcome: 'partial',
      reason: 'left-out',
      detail: expect.stringContaining('1 compressed files') as string,
    });
    expect(members(run, 'pod-logs-on-disk')).toContain(log);
    const holes = run.sink.at('data/derived/nodes/node-1/os-files/pod-logs-on-disk.log-holes.jsonl').bytes.toString();
    expect(JSON.parse(holes)).toMatchObject({ onDisk: { files: 2, unreadableFiles: 1, lines: 1 } });
  });

  it('a file over the limit is listed and left out', async () => {
    put('etc/cron.d/small', 'x');
    const large = openSync(join(root, 'etc/cron.d/large'), 'w');
    writeSync(large, Buffer.alloc(5 * 1024 * 1024, 1));
    closeSync(large);
    const run = await collect(['cron']);
    expect(outcomeOf(run, key('cron'))).toMatchObject({
      outcome: 'partial',
      reason: 'left-out',
      proof: { leftOut: 1 },
    });
    expect(derived(run, 'cron').map((line) => [shown(line), line['content']])).toEqual([
      ['/etc/cron.d/large', 'larger-than-limit'],
      ['/etc/cron.d/small', 'taken'],
    ]);
    expect(members(run, 'cron')).toEqual(['etc/cron.d/small']);
  });

  it('a folder that is there and has nothing is empty, not absent', async () => {
    mkdirSync(join(root, 'var/log/journal'), { recursive: true });
    const run = await collect(['journald']);
    expect(outcomeOf(run, key('journald'))).toMatchObject({ outcome: 'empty', reason: 'nothing-there' });
    expect(run.sink.items).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0 && !existsSync('/usr/bin/setpriv'))(
    'a folder that may not be read is a denied part or denies the whole (as root: needs setpriv)',
    async () => {
      // As root nothing is denied; the far side is an ordinary user then.
      chmodSync(root, 0o755);
      put('etc/audit/rules.d/a.rules', '-w /etc/shadow');
      chmodSync(join(root, 'etc/audit/rules.d'), 0o700);
      put('etc/audit/b.conf', 'x');
      put('var/log/audit/audit.log', 'x');
      chmodSync(join(root, 'var/log/audit'), 0o000);
      const asUser = (access: NodeAccess): NodeAccess => ({
        ...access,
        facts: access.facts,
        close: async () => undefined,
        run: async (command, consumer) => await access.run(unprivileged(command), consumer),
      });
      if (process.getuid?.() !== 0) chmodSync(join(root, 'etc/audit/rules.d'), 0o000);
      const run = await collect(['audit-logs', 'audit-rules'], process.getuid?.() === 0 ? asUser : undefined);
      chmodSync(join(root, 'var/log/audit'), 0o700);
      chmodSync(join(root, 'etc/audit/rules.d'), 0o700);
      expect(outcomeOf(run, key('audit-logs'))).toMatchObject({ outcome: 'denied', reason: 'permission' });
      expect(outcomeOf(run, key('audit-rules'))).toMatchObject({ outcome: 'partial', reason: 'denied-parts' });
      expect(members(run, 'audit-rules')).toEqual(['etc/audit/b.conf']);
    },
  );

  const failing = (
    match: RegExp,
    act: (command: NodeCommand, consumer: NodeStreamConsumer, access: NodeAccess) => Promise<NodeCommandEnd>,
  ) => {
    return (access: NodeAccess): NodeAccess => ({
      facts: access.facts,
      close: async () => undefined,
      run: async (command, consumer) =>
        match.test(command.name) ? await act(command, consumer, access) : await access.run(command, consumer),
    });
  };
  const none: NodeStreamConsumer = { chunk: () => undefined };

  it('a stream that is cut, corrupt, hung or no archive is never more than a part', async () => {
    put('etc/cron.d/job', 'x');
    for (const end of ['cut', 'corrupt', 'timeout', 'limit'] as const) {
      const run = await collect(
        ['cron'],
        failing(/content/, async (command, consumer, access) => {
          const whole: Buffer[] = [];
          const real = await access.run(command, { chunk: (bytes) => void whole.push(Buffer.from(bytes)) });
          await consumer.chunk(Buffer.concat(whole).subarray(0, 600));
          return { ...real, end, endDetail: 'as the test wants it', sizeBytes: 600, exitStatus: null };
        }),
      );
      expect(outcomeOf(run, key('cron'))).toMatchObject({
        outcome: 'partial',
        reason: end,
        proof: { read: 0, notRead: 1 },
      });
    }
    const garbage = await collect(
      ['cron'],
      failing(/content/, async (command, consumer, access) => {
        const real = await access.run(command, none);
        await consumer.chunk(Buffer.alloc(2048, 0x41));
        return { ...real, sizeBytes: 2048 };
      }),
    );
    expect(outcomeOf(garbage, key('cron'))).toMatchObject({ outcome: 'partial', reason: 'malformed' });
    const listing = await collect(
      ['cron'],
      failing(/list/, async (command, consumer, access) => {
        const real = await access.run(command, none);
        await consumer.chunk(Buffer.from('no rows at all'));
        return real;
      }),
    );
    expect(outcomeOf(listing, key('cron'))).toMatchObject({ outcome: 'failed', reason: 'listing-malformed' });
  });

  it('the coverage is a part where an expected artifact could not be read, or was not read in this run', async () => {
    const one = await collect(['cron', 'coverage']);
    expect(outcomeOf(one, key('coverage'))).toMatchObject({ outcome: 'partial', reason: 'incomplete' });
    const lost = async (): Promise<NodeCommandEnd> =>
      await Promise.reject(new ExhibitError('NODE_ACCESS_LOST', 'the node is gone'));
    const run = await collect('all', failing(/list/, lost));
    expect(outcomeOf(run, key('coverage'))).toMatchObject({ outcome: 'partial', reason: 'incomplete' });
    const item = run.sink.items.find(({ draft }) => draft.path.endsWith('os-files/coverage.json'));
    expect(item?.facts.outcome).toBe('partial');
  });

  it('a lost way keeps what was brought before', async () => {
    put('etc/cron.d/job', 'x');
    const lost = async (): Promise<NodeCommandEnd> =>
      await Promise.reject(new ExhibitError('NODE_ACCESS_LOST', 'the node is gone'));
    const run = await collect(['cron'], failing(/content/, lost));
    expect(outcomeOf(run, key('cron'))).toMatchObject({ outcome: 'partial', reason: 'node-access-lost' });
    expect(run.sink.paths()).toContain(`${rawPath('cron')}/listing.nul`);
  });

  it('a file that changes or goes while it is read is marked', async () => {
    put('etc/cron.d/grows', 'one\n');
    put('etc/cron.d/goes', 'x');
    const run = await collect(
      ['cron'],
      failing(/content/, async (command, consumer, access) => {
        rmSync(join(root, 'etc/cron.d/goes'));
        const end = await access.run(command, consumer);
        appendFileSync(join(root, 'etc/cron.d/grows'), 'two\n');
        return end;
      }),
    );
    expect(outcomeOf(run, key('cron'))).toMatchObject({
      outcome: 'partial',
      proof: { notRead: 1, changedWhileRead: 2 },
    });
    expect(derived(run, 'cron').map((line) => [shown(line), line['content'], line['changedWhileRead']])).toEqual([
      ['/etc/cron.d/goes', 'not-readable', true],
      ['/etc/cron.d/grows', 'taken', true],
    ]);
  });

  it('a far side without the tools is skipped', async () => {
    const run = await collect(['cron'], (access) => ({
      facts: { ...access.facts, tools: { ...access.facts.tools, tar: 'tar (busybox) 1.35' } },
      run: async (command, consumer) => await access.run(command, consumer),
      close: async () => undefined,
    }));
    expect(outcomeOf(run, key('cron'))).toMatchObject({ outcome: 'skipped', reason: 'tool-missing' });
  });
});

/** The same script, as the user nobody. */
function unprivileged(command: NodeCommand): NodeCommand {
  const quoted = command.script.replaceAll("'", String.raw`'\''`);
  return { ...command, script: `setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '${quoted}' exhibit "$@"` };
}
