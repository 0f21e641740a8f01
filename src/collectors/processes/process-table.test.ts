import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandLines } from './command-lines.js';
import { FileRows } from './file-rows.js';
import { ProcessLinks } from './process-links.js';
import { ProcessTable } from './process-table.js';
import { recoveryCandidates } from './recovery-candidates.js';
import { StartTimes } from './start-times.js';
import { raceOf } from './table-race.js';

const UID = '0a1b2c3d-4e5f-6789-abcd-ef0123456789';
const ID = 'c0ffee'.padEnd(64, '7');
const stat = (pid: number, start: number, more: { comm?: string; pgrp?: number } = {}) =>
  `${String(pid)} (${more.comm ?? 'sh'}) S 1 ${String(more.pgrp ?? pid)} 40 0 -1 0 1 2 3 4 5 6 7 8 20 0 3 0 ${String(start)} 99`;
const record = (name: string, text: string) =>
  text
    .split('\n')
    .map((line) => `${name}\0${line}\n`)
    .join('');
const listed = (...pids: number[]) => pids.map((pid) => `listed\0${String(pid)}\n`).join('');

function whole(pid: number, start: number, more: { comm?: string; pgrp?: number; last?: number } = {}): string {
  const name = (file: string) => `${String(pid)}/${file}`;
  return [
    record(name('stat'), stat(pid, start, more)),
    record(name('status'), 'Name:\tsh\nUid:\t1\t2\t3\t4\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2'),
    record(name('cgroup'), `0::/kubepods/burstable/pod${UID}/${ID}`),
    record(name('loginuid'), '4294967295'),
    record(name('stat'), stat(pid, more.last ?? start, more)),
  ].join('');
}

function tableOf(text: string, pieceBytes = 7): ProcessTable {
  const table = new ProcessTable();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += pieceBytes) table.feed(bytes.subarray(at, at + pieceBytes));
  table.end();
  return table;
}

const after = (...all: readonly (readonly [number, number])[]) => {
  const times = new StartTimes();
  times.feed(Buffer.from(record('self/stat', stat(900, 5000, { pgrp: 899 }))));
  for (const [pid, start] of all) times.feed(Buffer.from(record(`${String(pid)}/stat`, stat(pid, start))));
  times.feed(Buffer.from(record('901/stat', stat(901, 5000, { pgrp: 899 }))));
  times.end();
  return times.byPid;
};

describe('the stream of the table', () => {
  it('gives one entry per process, with its pod', () => {
    const { entries } = tableOf(
      `clock-ticks\x00100\n${listed(5, 6)}${whole(5, 100)}${whole(6, 200, { comm: 'a\nb' })}`,
    );
    expect([...entries.keys()]).toEqual([5, 6]);
    expect(entries.get(5)).toMatchObject({
      isVanished: false,
      isReused: false,
      owner: { podUid: UID, containerId: ID },
      status: {
        uids: [1, 2, 3, 4],
        noNewPrivileges: true,
        seccomp: 2,
        capabilities: { effective: '00000000a80425fb' },
      },
      loginUid: 4294967295,
    });
    expect(entries.get(6)?.stat.comm.toString()).toBe('a\nb');
  });

  it('knows boot time and ticks', () => {
    const { clock } = tableOf('clock-ticks\x00250\nstat\0cpu 1 2 3\nstat\0btime 1700000000\n');
    expect(clock).toEqual({ ticksPerSecond: 250, bootedAt: 1_700_000_000 });
    expect(tableOf('').clock).toEqual({ ticksPerSecond: 100, bootedAt: null });
  });

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(tableOf(Buffer.from(bytes).toString('latin1')).entries.size).toBe(0);
      }),
    );
  });
});

describe('a table that changes while it is read', () => {
  it('is told: ended, begun, and a number that was taken over', () => {
    const text = [
      listed(5, 6, 7, 8, 9),
      whole(5, 100),
      whole(6, 200, { last: 999 }),
      record('7/stat', stat(7, 300)),
      whole(8, 400),
      whole(9, 450),
    ].join('');
    const race = raceOf(tableOf(text), after([5, 100], [6, 999], [8, 800], [10, 900]));
    expect({ vanished: [...race.vanished], appeared: [...race.appeared], reused: [...race.reused] }).toEqual({
      vanished: [7, 9],
      appeared: [10],
      reused: [6, 8],
    });
    expect(race.shown).toBe('vanished 7 9; appeared 10; reused 6 8');
  });

  it('is no change where only the reader came and went', () => {
    const own = `${record('self/stat', stat(50, 1, { pgrp: 49 }))}${listed(5, 50)}${whole(5, 100)}${whole(50, 1, { pgrp: 49 })}`;
    expect(raceOf(tableOf(own), after([5, 100])).shown).toBe('');
  });

  it('is told of a number that was taken over while its own files were read', () => {
    expect([...raceOf(tableOf(`${listed(6)}${whole(6, 200, { last: 999 })}`), new Map()).reused]).toEqual([6]);
  });

  it('is not called gone where the second reading failed', () => {
    expect(raceOf(tableOf(`${listed(5)}${whole(5, 100)}`), new Map()).shown).toBe('');
  });
});

describe('command lines', () => {
  it('forget a batch that was void, and name what blocked', () => {
    const lines = new CommandLines();
    lines.feed(Buffer.from('5/cmdline\0old\x006/cmdline\0to'));
    lines.feed(Buffer.from('\0\0\nexhibit/void\x005 6\x005/cmdline\0new\0'));
    lines.feed(Buffer.from('\0\0\nexhibit/blocked\x006/cmdline\x007/cmdline\0x\0'));
    expect([...lines.byPid].map(([pid, { args }]) => [pid, args.map(String)])).toEqual([
      [5, ['new']],
      [7, ['x']],
    ]);
    expect([...lines.blocked]).toEqual([6]);
  });

  it('are bounded', () => {
    const lines = new CommandLines();
    for (let at = 0; at < 1000; at += 1) lines.feed(Buffer.from(`5/cmdline\0${'x'.repeat(1000)}\0`));
    const kept = lines.byPid.get(5);
    expect(kept).toMatchObject({ count: 1000, sizeBytes: 1_000_000 });
    expect(kept?.args.length).toBeLessThan(20);
  });
});

describe('links of processes', () => {
  it('count open files and keep those without a name', () => {
    const links = new ProcessLinks();
    const rows = [
      ['5/exe', '/bin/x (deleted)', '777'],
      ['5/cwd', '/', '777'],
      ['5/root', '', '777'],
      ['5/ns/net', 'net:[4026531840]', '777'],
      ['5/ns/net_for', 'rubbish', '777'],
      ['5/fd/0', 'socket:[12]', '700'],
      ['5/fd/1', '/memfd:a\nb (deleted)', '500'],
      ['5/fd/2', '/plain', '500'],
      ['x/fd/2', '/plain', '500'],
    ];
    links.feed(Buffer.from(rows.flatMap((row) => row.map((field) => `${field}\0`)).join('')));
    expect([...links.byPid.keys()]).toEqual([5]);
    const [only] = links.byPid.values();
    expect(only).toMatchObject({ root: null, fds: 3, sockets: 1 });
    expect([...(only?.namespaces ?? [])]).toEqual([['net', '4026531840']]);
    expect(only?.deletedFds.map(({ fd, target, mode }) => [fd, target.toString(), mode])).toEqual([
      [1, '/memfd:a\nb (deleted)', '500'],
    ]);
  });
});

describe('what is worth recovering', () => {
  const row = (name: string, inode: number, more: { links?: number; size?: number; mode?: string } = {}) =>
    [
      name,
      '8',
      String(inode),
      String(more.links ?? 0),
      String(more.size ?? 10),
      more.mode ?? '81ed',
      '0',
      '0',
      '1',
      '1',
    ]
      .map((field) => `${field}\0`)
      .join('');
  const candidates = (rows: string, links: readonly (readonly [string, string])[]) => {
    const files = new FileRows();
    files.feed(Buffer.from(rows));
    return recoveryCandidates(files.files, new Map(links.map(([name, link]) => [name, Buffer.from(link)])));
  };

  it('is each file once, what is run before what is open, the small before the large', () => {
    const rows = [
      row('5/fd/3', 1, { size: 900 }),
      row('5/fd/4', 2, { size: 20 }),
      row('6/fd/4', 2, { size: 20 }),
      row('7/exe', 3, { size: 5000 }),
      row('7/fd/9', 3, { size: 5000 }),
      row('8/fd/1', 4),
    ].join('');
    const links = ['5/fd/3', '5/fd/4', '6/fd/4', '7/fd/9'].map((name) => [name, '/x (deleted)'] as const);
    const found = candidates(rows, [...links, ['8/fd/1', '/memfd:m (deleted)']]);
    expect(found.map(({ kind, holders }) => [kind, holders])).toEqual([
      ['executable', ['7/exe', '7/fd/9']],
      ['memfd', ['8/fd/1']],
      ['open-file', ['5/fd/4', '6/fd/4']],
      ['open-file', ['5/fd/3']],
    ]);
  });

  it('is nothing that could block, is empty, or has a name', () => {
    const rows = [
      row('5/fd/1', 1, { mode: '11b6' }),
      row('5/fd/2', 2, { size: 0 }),
      row('5/exe', 3, { links: 1 }),
      row('5/fd/9 x', 4),
    ].join('');
    expect(candidates(rows, [['5/fd/1', '/fifo (deleted)']])).toEqual([]);
  });
});
