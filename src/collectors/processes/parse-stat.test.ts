import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStat } from './parse-stat.js';
import { parseStatus } from './parse-status.js';

function statLine({ pid = 42, comm = Buffer.from('sh'), flags = '4194304', start = '777' } = {}): Buffer {
  // Fields 4 to 22 of proc(5): ppid, pgrp, session, tty, tpgid, flags, ten counters and priorities, threads, itrealvalue, starttime.
  const line = `S 7 42 40 0 -1 ${flags} 1 2 3 4 5 6 7 8 20 0 3 0 ${start} 99 18446744073709551615`;
  return Buffer.concat([Buffer.from(`${String(pid)} (`), comm, Buffer.from(`) ${line}`)]);
}

describe('/proc/<pid>/stat', () => {
  it('is read as the kernel of this machine writes it', () => {
    const stat = parseStat(readFileSync('/proc/self/stat'));
    expect(stat).toMatchObject({ pid: process.pid, ppid: process.ppid, isKernelThread: false });
    expect(stat?.threads).toBeGreaterThan(1);
    expect(stat?.startTicks).toBeGreaterThan(0);
  });

  it('knows its fields by their place after the last bracket, whatever the process calls itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 15 }), fc.integer({ min: 1, max: 4_194_304 }), (bytes, pid) => {
        const comm = Buffer.from(bytes);
        expect(parseStat(statLine({ pid, comm }))).toEqual({
          pid,
          comm,
          state: 'S',
          ppid: 7,
          pgrp: 42,
          session: 40,
          isKernelThread: false,
          threads: 3,
          startTicks: 777,
        });
      }),
    );
  });

  it('is not fooled by a name that looks like the rest of the line', () => {
    expect(parseStat(statLine({ comm: Buffer.from('x) R 1 1 1\n(y') }))).toMatchObject({ state: 'S', ppid: 7 });
  });

  it('knows a kernel thread by its flag, not by its name', () => {
    expect(parseStat(statLine({ flags: '2129984' }))).toMatchObject({ isKernelThread: true });
    expect(parseStat(statLine({ comm: Buffer.from('kworker/0:1') }))).toMatchObject({ isKernelThread: false });
  });

  it.each(['', '42', '42 (sh', '42 (sh) S', '42 (sh) S a b c', '(sh) S 1 1 1'])('is nothing else: %j', (line) => {
    expect(parseStat(Buffer.from(line))).toBeNull();
  });

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseStat(Buffer.from(bytes))).toBeNull();
      }),
    );
  });
});

describe('/proc/<pid>/status', () => {
  it('is read as the kernel of this machine writes it', () => {
    const status = parseStatus(readFileSync('/proc/self/status', 'latin1').split('\n'));
    expect(status.uids).toHaveLength(4);
    expect(status.uids[0]).toBe(process.getuid?.());
    expect(status.namespacePids.at(-1)).toBe(process.pid);
    expect(status.capabilities.effective).toMatch(/^[0-9a-f]{16}$/);
    expect(status.noNewPrivileges).not.toBeNull();
  });

  it('leaves out what is not there or not of the form', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (lines) => {
        const { capabilities, uids } = parseStatus([...lines, 'CapEff:\tzz', 'Uid:\t-1 x']);
        expect(capabilities.effective).toBeNull();
        expect(uids).toEqual([]);
      }),
    );
  });
});
