import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { linesOf, openLocalNode, runOnNode } from '../../../test/fakes/local-node.js';
import { writePausingProgram } from '../../../test/fakes/pausing-program.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { collector } from './collector.js';

const folder = mkdtempSync(join(tmpdir(), 'processes-'));
const children: ChildProcess[] = [];
const PROGRAM = join(folder, 'program');
writePausingProgram(PROGRAM);
const NODE = 'node-1';

/** A process that says `ready` once it is as the test wants it. */
async function start(file: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; argv0?: string } = {}) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', resolve);
  });
  return child.pid ?? 0;
}

/** A shell's child has its program in its memory by the time at which another name has replaced the shell's. */
async function startSleeper(file: string, argv0: string): Promise<number> {
  const child = spawn(file, ['1000'], { stdio: 'ignore', argv0 });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return child.pid ?? 0;
}

const HOSTILE = 'a\nb\u001b[31m\u202e';
const SCRIPT = `
const fs = require('node:fs');
const fd = fs.openSync(process.argv[1], 'w+');
fs.writeSync(fd, 'the bytes of a deleted file');
fs.unlinkSync(process.argv[1]);
process.stdout.write('ready');
setInterval(() => undefined, 1000);
`;

let deletedPid = 0;
let holderPid = 0;
let run: FakeRun;

beforeAll(async () => {
  const copy = join(folder, 'sleeper');
  writePausingProgram(copy);
  deletedPid = await startSleeper(copy, '[kworker/0:1]');
  unlinkSync(copy);
  const env = { SECRET: 'first\nSECOND=forged', ...process.env };
  holderPid = await start(process.execPath, ['-e', SCRIPT, join(folder, 'gone'), HOSTILE, 'x'.repeat(20_000)], { env });
  run = await runOnNode(collector, await openLocalNode());
}, 120_000);

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const derived = (name: string, of = run) => linesOf(of, `data/derived/nodes/${NODE}/${name}.jsonl`);
const lineOf = (pid: number) => derived('processes').find((line) => line['pid'] === pid);
const b64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('the processes of this machine', () => {
  it('end in one outcome each, and nothing is left open', () => {
    const parts = run.outcomes.map(({ planned, result, error }) => [planned.artifact, result?.outcome ?? error]);
    expect(parts.map(([artifact]) => artifact)).toEqual(
      ['table', 'deleted', 'executables', 'environment', 'open-files', 'maps', 'mounts', 'hidden'].map(
        (part) => `processes/${NODE}/${part}`,
      ),
    );
    // Where the tests may not look into every process, that is said and nothing else.
    for (const [, outcome] of parts) expect(['collected', 'partial']).toContain(outcome);
    expect([...run.sink.open_]).toEqual([]);
    expect(run.sink.items.every((item) => item.draft.vantage === 'live-kernel')).toBe(true);
  });

  it('shows a process that was deleted and calls itself a kernel thread', () => {
    const line = lineOf(deletedPid);
    expect(line).toMatchObject({
      ppid: process.pid,
      kernelThread: false,
      read: 'whole',
      unread: [],
      own: false,
      exe: { deleted: true, memfd: false, link: { b64: b64(`${folder}/sleeper (deleted)`) } },
      cmdline: { count: 2, args: [{ b64: b64('[kworker/0:1]') }, { b64: b64('1000') }] },
      fds: { sockets: 0 },
    });
    expect(line?.['startedAt']).toMatch(/^20\d\d-/);
  });

  it('recovers the program whose file is deleted', () => {
    const line = derived('deleted-files').find((one) =>
      (one['holders'] as string[]).includes(`${String(deletedPid)}/exe`),
    );
    const original = readFileSync(PROGRAM);
    expect(line).toMatchObject({ kind: 'executable', outcome: 'collected', sha256: sha256(original), links: 0 });
    const item = run.sink.at(String(line?.['path']));
    expect(item.bytes.equals(original)).toBe(true);
    expect(item.draft.sensitivity).toBe('secret');
  });

  it('recovers a file that is open only', () => {
    const line = derived('deleted-files').find(
      ({ link }) => (link as { display: string } | null)?.display === `${folder}/gone (deleted)`,
    );
    expect(line).toMatchObject({ kind: 'open-file', outcome: 'collected', fileBytes: 27 });
    expect(run.sink.at(String(line?.['path'])).bytes.toString()).toBe('the bytes of a deleted file');
    expect(lineOf(holderPid)?.['deletedFds']).toMatchObject([
      { target: { b64: b64(`${folder}/gone (deleted)`) }, mode: '700' },
    ]);
  });

  it('keeps arguments as bytes, and bounded', () => {
    const cmdline = lineOf(holderPid)?.['cmdline'] as {
      args: { b64: string; display: string; cutFromBytes?: number }[];
    };
    expect(cmdline.args[4]?.b64).toBe(b64(HOSTILE));
    expect(cmdline.args[4]?.display).toMatch(/^a\\nb\\x1b/);
    expect(cmdline).toMatchObject({ count: 6 });
    expect(cmdline.args[5]?.b64.length).toBeLessThan(8000);
    expect(run.sink.at(`data/nodes/${NODE}/processes/cmdline.grep`).bytes.includes('x'.repeat(20_000))).toBe(true);
  });

  it('keeps the environment as a secret, whole, so that a line end makes no variable', () => {
    const item = run.sink.at(`data/nodes/${NODE}/processes/environ.grep`);
    expect(item.draft.sensitivity).toBe('secret');
    expect(item.bytes.includes(`${String(holderPid)}/environ\0SECRET=first\nSECOND=forged\0`)).toBe(true);
    const others = run.sink.items.filter((one) => one !== item && one.bytes.includes('SECOND=forged'));
    expect(others.map((one) => one.draft.path)).toEqual([]);
  });

  it('hashes each executable once, however many run it', () => {
    const ours = derived('executables').filter((line) => (line['pids'] as number[]).includes(process.pid));
    expect(ours).toHaveLength(1);
    expect(ours[0]).toMatchObject({ deleted: false, sha256: sha256(readFileSync(process.execPath)) });
    expect(ours[0]?.['pids']).toContain(holderPid);
    const { exe } = lineOf(process.pid) as { exe: { device: string; inode: string } };
    expect(ours[0]).toMatchObject({ device: exe.device, inode: exe.inode });
  });

  it('marks what belongs to the reading itself', () => {
    const own = derived('processes').filter((line) => line['own'] === true);
    expect(own.map((line) => line['pid'])).toContain(process.pid);
    expect(own.map((line) => line['pid'])).not.toContain(deletedPid);
    expect(own.length).toBeGreaterThan(3);
  });

  it('finds nothing hidden where nothing hides, although every number was tried', () => {
    const { proof } = outcomeOf(run, `processes/${NODE}/hidden`);
    expect(proof).toMatchObject({ hidden: 0 });
    expect(Number(proof['tried'])).toBeGreaterThanOrEqual(Math.max(deletedPid, holderPid));
  });

  it('names the sources of what is derived', () => {
    for (const item of run.sink.items.filter(({ draft }) => draft.path.startsWith('data/derived/'))) {
      expect(item.facts.derivedFrom?.length).toBeGreaterThan(0);
      for (const path of item.facts.derivedFrom ?? []) expect(run.sink.paths()).toContain(path);
    }
  });
});

function partsOf(...parts: readonly string[]): typeof collector.plan {
  return async function* (context) {
    for await (const planned of collector.plan(context))
      if (parts.includes(planned.artifact.split('/')[2] ?? '')) yield planned;
  };
}

const python = (() => {
  try {
    return readFileSync('/usr/bin/python3').length > 0 ? '/usr/bin/python3' : null;
  } catch {
    return null;
  }
})();

describe('a program that never was a file', () => {
  it.skipIf(python === null)(
    'is recovered from memory (skipped where /usr/bin/python3 is missing)',
    async () => {
      const code = `
import os, sys
fd = os.memfd_create('hidden', 0)
os.write(fd, open('${PROGRAM}', 'rb').read())
sys.stdout.write('ready'); sys.stdout.flush()
os.execve(fd, ['innocent', '1000'], {})
`;
      const pid = await start(python ?? '', ['-c', code]);
      const access = await openLocalNode();
      const isReplaced = () => readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1').startsWith('innocent');
      await expect.poll(isReplaced, { timeout: 10_000 }).toBe(true);
      const only = { ...collector, plan: partsOf('table', 'deleted') };
      const later = await runOnNode(only, access);
      expect(derived('processes', later).find((one) => one['pid'] === pid)).toMatchObject({
        exe: { memfd: true, deleted: true, link: { display: '/memfd:hidden (deleted)' } },
      });
      const line = derived('deleted-files', later).find((one) =>
        (one['holders'] as string[]).includes(`${String(pid)}/exe`),
      );
      expect(line).toMatchObject({ kind: 'executable', outcome: 'collected', sha256: sha256(readFileSync(PROGRAM)) });
    },
    // Every deleted file of the machine is read.
    300_000,
  );
});

describe('a way to the node that fails', () => {
  const failing = async (facts: Partial<NodeAccess['facts']>): Promise<FakeRun> => {
    const access = await openLocalNode();
    return await runOnNode(collector, {
      ...access,
      facts: { ...access.facts, ...facts },
      run: access.run.bind(access),
    });
  };

  it('says so where no process is seen', async () => {
    const { outcomes, sink } = await failing({ processes: false });
    expect(new Set(outcomes.map(({ result }) => result?.reason))).toEqual(new Set(['no-processes']));
    expect(sink.items).toEqual([]);
  });

  it('says so where a tool is missing or another than is needed', async () => {
    const { outcomes } = await failing({ tools: { grep: 'BusyBox v1.36' } });
    expect(new Set(outcomes.map(({ result }) => result?.reason))).toEqual(new Set(['tool-missing']));
    expect(outcomes[0]?.result?.detail).toContain('grep (GNU grep)');
  });
});
