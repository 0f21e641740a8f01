import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { arch } from 'node:os';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { linesOf, LOCAL_NODE, openLocalNode, runOnNode } from '../../../test/fakes/local-node.js';
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

const canLoad = (() => {
  if (arch() !== 'x64') return false;
  try {
    execFileSync('bpftool', ['prog', 'show'], { stdio: 'ignore' });
    return !execFileSync('python3', ['-c', HOLDER], { input: '' }).toString().startsWith('-');
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
      const script = 'cat';
      return await access.run({ ...command, script, stdin: Buffer.from(answer) }, consumer);
    },
  };
}

/** The answers of a kernel by the question; the rest are empty lists. */
const kernel =
  (said: Readonly<Record<string, string>>) =>
  (command: NodeCommand): string =>
    said[command.name.replace('ebpf-', '')] ??
    (command.name.includes('fdinfo') || command.name.endsWith('net') ? '' : '[]');

const program = (id: number, more: object = {}): object => ({
  id,
  type: 'kprobe',
  name: `p${String(id)}`,
  tag: 'aa',
  ...more,
});

describe.skipIf(!canLoad)('a program of this kernel (needs root, bpftool and python3 on x64)', () => {
  it('that a process holds open is in all views that know it, and no finding', { timeout: 60_000 }, async () => {
    await hold();
    const run = await runOnNode(collector, await openLocalNode());
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected' });
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
      'net': 'net:[4026531840]\n[{"xdp":[{"devname":"eth0","ifindex":2,"mode":"driver","id":98}],"tc":[]}]\n',
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

  it.each(['prog', 'prog-after'])('are not compared with a %s list that is garbage', async (name) => {
    const run = await read({ 'prog': list, 'prog-after': list, [name]: 'Error: what?' });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'malformed' });
    expect(run.sink.paths()).not.toContain(`${DERIVED}/bpf-findings.jsonl`);
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
    expect(outcomeOf(none, KEY)).toMatchObject({ outcome: 'skipped', reason: 'tool-missing' });
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
            ...mentionsOfArrays(lines),
          ];
          programArraysOf(bytes);
          new FdinfoView().feed(bytes);
          const views = {
            before: programs,
            after: programs,
            mentions,
            mentionsAfter: mentions,
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
