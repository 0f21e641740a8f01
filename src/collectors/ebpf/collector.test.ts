import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { linesOf, LOCAL_NODE, openLocalNode, runOnNode } from '../../../test/fakes/local-node.js';
import { failure, runTool, unlessAble } from '../../../test/fakes/stock-tools.js';
import type { NodeAccess, NodeCommand } from '../../ports/node-access.js';
import {
  mentionsOfArrays,
  mentionsOfCgroups,
  mentionsOfLinks,
  mentionsOfNet,
  mentionsOfPerf,
  parsePrograms,
  programArraysOf,
} from './bpf-views.js';
import { bpfFindings } from './bpf-findings.js';
import { collector } from './collector.js';
import { FdinfoView } from './fdinfo-view.js';
import { CGROUP_ROOT, CGROUP_SCRIPT, FDINFO_SCRIPT, NET_SCRIPT } from './scripts.js';

const KEY = `ebpf/${LOCAL_NODE}/programs`;
const DERIVED = `data/derived/nodes/${LOCAL_NODE}`;

/** Loads the two instructions `r0 = 0; exit` as a socket filter, holds it open, and ends with its standard input. */
const HOLDER = String.raw`
import ctypes, struct, sys
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(struct.pack('<BBhi', 0xb7, 0, 0, 0) + struct.pack('<BBhi', 0x95, 0, 0, 0))
license = ctypes.create_string_buffer(b'GPL')
attr = struct.pack('<IIQQIIQII16s', 1, 2, ctypes.addressof(code), ctypes.addressof(license), 0, 0, 0, 0, 0, b'exhibit_test')
fd = libc.syscall(321, 5, ctypes.create_string_buffer(attr.ljust(128, b'\0')), 128)
print(fd, flush=True)
sys.stdin.read()
`;

/** Why no program is loaded here: the kernel may not let us, in CI, too. `null` = one was. */
const obstacle = (() => {
  if (arch() !== 'x64') return `not x64 but ${arch()}`;
  const shown = runTool('bpftool', ['prog', 'show']);
  if (shown.status !== 0) return failure('bpftool', shown);
  const loaded = runTool('python3', ['-c', HOLDER], { input: '' });
  if (loaded.status !== 0) return failure('python3', loaded);
  return loaded.stdout.startsWith('-') ? 'the kernel lets us load no program' : null;
})();
const why = unlessAble(obstacle, {});

/** Whether the first process shows us what it has open: inside a sandbox it may not, even to root. */
const seesAll = (() => {
  try {
    readlinkSync('/proc/1/fd/0');
    return readlinkSync('/proc/1/ns/net') !== '';
  } catch {
    return false;
  }
})();

let holder: ChildProcess | undefined;
afterEach(() => {
  holder?.kill();
  holder = undefined;
});

async function hold(): Promise<void> {
  const child = spawn('python3', ['-c', HOLDER], { stdio: ['pipe', 'pipe', 'ignore'] });
  holder = child;
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

/** This machine, with other answers to some of the questions. */
async function answering(
  answers: (command: NodeCommand) => string | null,
  tools: (known: Readonly<Record<string, string>>) => Readonly<Record<string, string>> = (known) => known,
  groups: string = CGROUP_ROOT,
): Promise<NodeAccess> {
  const access = await openLocalNode();
  return {
    facts: { ...access.facts, processes: true, tools: tools({ bpftool: 'bpftool v7', ...access.facts.tools }) },
    close: async () => {
      await access.close();
    },
    run: async (command, consumer) => {
      const answer = answers(command);
      if (answer === null) return await access.run(command, consumer);
      const script = command.name === 'ebpf-cgroup' ? `cat; echo ${groups} >&2` : 'cat';
      return await access.run({ ...command, script, stdin: Buffer.from(answer) }, consumer);
    },
  };
}

const told = (refused: number, leftOut = 0): { readonly fdinfo: string; readonly net: string } => ({
  fdinfo: `exhibit-refused\0${String(refused)}\n`,
  net: `exhibit-left-out\n${String(leftOut)}\nexhibit-refused\n${String(refused)}\n`,
});

/** The answers of a kernel by the question, with nothing left out; the rest are empty lists. */
const kernel =
  (said: Readonly<Record<string, string>>) =>
  (command: NodeCommand): string => {
    const answer = said[command.name.replace('ebpf-', '')];
    if (answer?.includes('exhibit-') === true) return answer;
    if (command.name.includes('fdinfo')) return `${answer ?? ''}${told(0).fdinfo}`;
    if (command.name.endsWith('net')) return `${answer ?? ''}${told(0).net}`;
    return answer ?? '[]';
  };

const program = (id: number, more: object = {}): object => ({
  id,
  type: 'kprobe',
  name: `p${String(id)}`,
  tag: 'aa',
  ...more,
});

describe.skipIf(obstacle !== null)(`a program of this kernel${why}`, () => {
  it('that a process holds open is in all views that know it, and no finding', { timeout: 60_000 }, async () => {
    await hold();
    const run = await runOnNode(collector, await openLocalNode());
    const whole = { outcome: 'collected', detail: '' };
    expect(outcomeOf(run, KEY)).toMatchObject(seesAll ? whole : { outcome: 'partial', reason: 'denied' });
    const lines = linesOf(run, `${DERIVED}/bpf-programs.jsonl`);
    const ours = lines.find((line) => (line['name'] as { display: string }).display === 'exhibit_test');
    expect(ours).toMatchObject({ type: 'socket_filter', uid: 0, stillListed: true, mentionsTotal: 1 });
    const mentions = ours?.['mentions'] as { by: string; where: { display: string } }[];
    expect(mentions[0]).toMatchObject({
      by: 'open-file',
      where: { display: expect.stringContaining(`${String(holder?.pid)}/`) as string },
    });
    const raw = JSON.parse(run.sink.at(`data/nodes/${LOCAL_NODE}/ebpf/prog.json`).bytes.toString()) as { id: number }[];
    expect(raw.map(({ id }) => id)).toContain(ours?.['id']);
  });

  it('that the list leaves out is a finding', { timeout: 60_000 }, async () => {
    await hold();
    const access = await answering((command) => (/^ebpf-prog(?:-after)?$/.test(command.name) ? '[]' : null));
    const run = await runOnNode(collector, access);
    expect(linesOf(run, `${DERIVED}/bpf-findings.jsonl`)).toContainEqual(
      expect.objectContaining({ finding: 'bpf-program-not-listed', verdict: 'steady' }),
    );
  });
});

describe('views that do not agree', () => {
  const read = async (said: Readonly<Record<string, string>>) =>
    await runOnNode(collector, await answering(kernel(said)));
  const list = JSON.stringify([1, 2, 3, 4, 5, 6, 7].map((id) => program(id)));

  it('name the program that is attached and not listed, and the one that nothing holds', async () => {
    const fdinfo = '12/fdinfo/3\0prog_type:\t1\n12/fdinfo/3\0prog_id:\t1\n12/fdinfo/4\0prog_id:\t99\n';
    const run = await read({
      'prog': list.replace('"id":7', '"pinned":["/sys/fs/bpf/x"],"id":7'),
      'prog-after': list,
      fdinfo,
      'fdinfo-after': fdinfo,
      'link': '[{"id":8,"type":"tracing","prog_id":2}]',
      'cgroup': '[{"cgroup":"/kubepods","programs":[{"id":3,"attach_type":"cgroup_device"}]}]',
      'perf': '[{"pid":12,"fd":5,"prog_id":4,"fd_type":"kprobe"}]',
      // bpftool ends its answer with a line end, and the script adds another.
      'net':
        'net:[4026531833]\n[{"xdp":[],"tc":[]}]\n\n' +
        'net:[4026531840]\n[{"xdp":[{"devname":"eth0","ifindex":2,"mode":"driver","id":98}],"tc":[]}]\n\n',
      'map': '[{"id":30,"type":"prog_array"},{"id":31,"type":"hash"}]',
      'program-arrays': '30\n[{"key":["0x00","0x00","0x00","0x00"],"value":["0x05","0x00","0x00","0x00"]}]\n',
    });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected', proof: { programs: 7, findings: 3 } });
    const findings = linesOf(run, `${DERIVED}/bpf-findings.jsonl`);
    expect(findings.map((line) => [line['finding'], line['programId'], line['verdict']])).toEqual([
      ['bpf-program-not-listed', 99, 'steady'],
      ['bpf-program-not-listed', 98, 'race'],
      ['bpf-program-without-visible-holder', 6, 'steady'],
    ]);
    expect(findings[1]?.['mentions']).toMatchObject([{ by: 'net', where: { display: 'net:[4026531840] eth0' } }]);
  });

  it('say nothing of holders where one of the views could not be read, and that it could not', async () => {
    const access = await answering(kernel({ 'prog': list, 'prog-after': list }));
    const failing: NodeAccess = {
      ...access,
      facts: access.facts,
      run: async (command, consumer) => {
        const end = await access.run(command, consumer);
        return command.name === 'ebpf-link' ? { ...end, exitStatus: 255, stderr: 'Operation not permitted' } : end;
      },
    };
    const run = await runOnNode(collector, failing);
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'command-failed' });
    expect(run.sink.paths()).not.toContain(`${DERIVED}/bpf-findings.jsonl`);
  });

  const unheld = { 'prog': JSON.stringify([program(6)]), 'prog-after': JSON.stringify([program(6)]) };
  it('find a program that nothing holds only where all else is whole', async () => {
    const findings = linesOf(await read(unheld), `${DERIVED}/bpf-findings.jsonl`);
    expect(findings).toMatchObject([{ finding: 'bpf-program-without-visible-holder', programId: 6 }]);
  });

  it.each([
    ['a process would not tell', { fdinfo: told(1).fdinfo }, 'denied'],
    ['a process would not tell its namespace', { net: told(1).net }, 'denied'],
    ['namespaces are beyond the bound', { net: told(0, 3).net }, 'left-out'],
    ['a namespace gave no answer', { net: `net:[1]\nexhibit-status gone\n${told(0).net}` }, 'command-failed'],
    [
      'the second of two gave none',
      { net: `net:[1]\n[]\n\nnet:[2]\nexhibit-status 1\n${told(0).net}` },
      'command-failed',
    ],
    ['the script did not say what it left out', { net: 'exhibit-left-out\n' }, 'malformed'],
    ['links are no list', { link: '{"error":"no"}' }, 'malformed'],
    ['links are more than are read', { link: `[${'0,'.repeat(100_000)}0]` }, 'malformed'],
    [
      'a table gave none',
      { 'map': '[{"id":3,"type":"prog_array"}]', 'program-arrays': '3\nexhibit-status 1\n' },
      'command-failed',
    ],
  ])('say nothing of holders where %s', async (_, said, reason) => {
    const run = await read({ ...unheld, ...said });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason });
    expect(run.sink.paths()).not.toContain(`${DERIVED}/bpf-findings.jsonl`);
  });

  it('say nothing of holders where the control groups may not be all', async () => {
    const run = await runOnNode(collector, await answering(kernel(unheld), undefined, 'exhibit-other'));
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'degraded' });
    expect(run.sink.paths()).not.toContain(`${DERIVED}/bpf-findings.jsonl`);
  });

  it('do not call hidden what a list names beyond what is read', async () => {
    const long = `[${'{"id":1},'.repeat(100_000)}{"id":99}]`;
    const fdinfo = '12/fdinfo/3\0prog_id:\t1\n12/fdinfo/4\0prog_id:\t99\n';
    const run = await read({ 'prog': long, 'prog-after': long, fdinfo, 'fdinfo-after': fdinfo });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'left-out' });
    expect(run.sink.paths()).not.toContain(`${DERIVED}/bpf-findings.jsonl`);
  });

  it('count open files beyond those that are kept', () => {
    const view = new FdinfoView(1);
    view.feed(Buffer.from(`1/fdinfo/3\0prog_id:\t1\n1/fdinfo/4\0prog_id:\t2\n${told(7).fdinfo}`));
    expect(view).toMatchObject({ mentions: [{ programId: 1 }], leftOut: 1, refused: 7 });
  });

  it.each(['prog', 'prog-after'])('are not compared with a %s list that is garbage', async (name) => {
    const run = await read({ 'prog': list, 'prog-after': list, [name]: 'Error: what?' });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'malformed' });
    expect(run.sink.paths()).not.toContain(`${DERIVED}/bpf-findings.jsonl`);
  });
});

interface ScriptRun {
  readonly args?: readonly string[];
  readonly proc?: string;
  readonly tools?: Readonly<Record<string, string>>;
}

describe('the scripts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exhibit-ebpf-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs one with these tools before all others, and with the folder as `$ROOT` and `$PROC` but where another is named. */
  function run(script: string, { args = [], proc = folder, tools = {} }: ScriptRun = {}) {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const [name, text] of Object.entries(tools)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, LC_ALL: 'C', ROOT: folder, PROC: proc };
    const { stdout, stderr } = spawnSync('sh', ['-c', `set -u\n${script}`, 'exhibit', ...args], { env });
    return { stdout: stdout.toString(), stderr: stderr.toString() };
  }

  it('count what may not be read, and not what ended meanwhile', () => {
    for (const name of ['7/fd', '7/fdinfo', '7/fdinfo/4', '8']) mkdirSync(join(folder, name), { recursive: true });
    for (const fd of ['3', '4', '5']) symlinkSync('anon_inode:bpf-prog', join(folder, '7/fd', fd));
    symlinkSync('/dev/null', join(folder, '7/fd/6'));
    writeFileSync(join(folder, '7/fdinfo/3'), 'prog_id:\t1\n');
    writeFileSync(join(folder, '7/fdinfo/6'), 'prog_id:\t2\n');
    // `4` is a folder, which grep refuses; `5` and all of `8` have ended.
    expect(run(FDINFO_SCRIPT).stdout).toBe('7/fdinfo/3\0prog_id:\t1\nexhibit-refused\x001\n');
  });

  it('enter no namespace but the one that was found, and count those beyond the bound', () => {
    for (const [pid, inode] of [
      ['7', '1'],
      ['8', '2'],
      ['9', '3'],
    ] as const) {
      mkdirSync(join(folder, pid, 'ns'), { recursive: true });
      symlinkSync(`net:[${inode}]`, join(folder, pid, 'ns/net'));
      // What the reference leads to by then.
      writeFileSync(join(folder, pid, `ns/net:[${inode}]`), '');
    }
    const { stdout } = run(NET_SCRIPT, { args: ['2'], tools: { nsenter: 'echo ENTERED' } });
    expect(stdout).toBe(
      'net:[1]\nexhibit-status gone\nnet:[2]\nexhibit-status gone\nexhibit-left-out\n1\nexhibit-refused\n0\n',
    );
    expect(mentionsOfNet(Buffer.from(stdout))).toMatchObject({ failed: 2, leftOut: 1, refused: 0 });
  });

  it('enter the namespace of a process by a reference that is held', () => {
    const { stdout } = run(NET_SCRIPT, {
      proc: '/proc',
      tools: { nsenter: 'echo "[\\"$(readlink "${1#--net=}")\\"]"' },
    });
    const own = readlinkSync('/proc/self/ns/net');
    expect(stdout.split(`${own}\n["${own}"]\n`)).toHaveLength(2);
    expect(mentionsOfNet(Buffer.from(stdout)).refused).not.toBeNull();
  });

  it.each([
    ['the root of all', 'cgroup2fs', ['cgroup.procs'], true],
    ['a group of its own', 'cgroup2fs', ['cgroup.procs', 'cgroup.events'], false],
    ['of the old kind', 'tmpfs', ['cgroup.procs'], null],
  ])('read the control groups of the node, and say whether they begin at the root: %s', (_, kind, files, isRoot) => {
    const groups = join(folder, 'sys/fs/cgroup');
    mkdirSync(groups, { recursive: true });
    for (const file of files) writeFileSync(join(groups, file), '');
    const { stdout, stderr } = run(CGROUP_SCRIPT, { tools: { stat: `echo ${kind}`, bpftool: 'echo "$*"' } });
    expect(stdout).toBe(isRoot === null ? '-j cgroup tree\n' : `-j cgroup tree ${groups}\n`);
    expect(stderr).toBe(isRoot === true ? `${CGROUP_ROOT}\n` : '');
  });
});

describe('what cannot be had', () => {
  const withoutTool = (known: Readonly<Record<string, string>>) => {
    const { bpftool: _, ...rest } = known;
    return rest;
  };

  it('without bpftool what is open is read, and the rest is said to be missing', async () => {
    const fdinfo = '12/fdinfo/3\0prog_id:\t1\n';
    const run = await runOnNode(collector, await answering(kernel({ fdinfo }), withoutTool));
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'tool-missing', proof: { mentions: 1 } });
    const none = await runOnNode(collector, await answering(kernel({}), withoutTool));
    expect(outcomeOf(none, KEY)).toMatchObject({ outcome: 'partial', reason: 'tool-missing', proof: { mentions: 0 } });
  });

  it('a far side without processes is skipped', async () => {
    const access = await answering(kernel({}));
    const run = await runOnNode(collector, { ...access, facts: { ...access.facts, processes: false } });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'skipped', reason: 'no-processes' });
  });
});

describe('whatever bpftool prints', () => {
  it('no parser fails, and no finding is made of what is in both lists and held', () => {
    const json = fc.oneof(
      fc.json(),
      fc
        .array(fc.record({ id: fc.nat(9), prog_id: fc.nat(9), programs: fc.jsonValue(), value: fc.jsonValue() }))
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(json, fc.uint8Array(), (text, garbage) => {
        for (const bytes of [Buffer.from(text), Buffer.from(garbage)]) {
          const programs = parsePrograms(bytes);
          const lines = Buffer.concat([Buffer.from('net:[1]\n'), bytes, Buffer.from('\n')]);
          const mentions = [
            ...mentionsOfLinks(bytes),
            ...mentionsOfCgroups(bytes),
            ...mentionsOfPerf(bytes),
            ...mentionsOfNet(lines).mentions,
            ...mentionsOfArrays(lines).mentions,
          ];
          programArraysOf(bytes);
          new FdinfoView().feed(bytes);
          const views = {
            before: programs,
            after: programs,
            mentions,
            mentionsAfter: mentions,
            isListWhole: true,
            isEveryHolderRead: true,
          };
          const held = new Set(mentions.map(({ programId }) => programId));
          for (const { finding, programId } of bpfFindings(views))
            expect(held.has(programId)).toBe(finding === 'bpf-program-not-listed');
        }
      }),
    );
  });
});
