import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrepRecords } from '../grep-records.js';
import { NulRows } from '../nul-rows.js';
import {
  GUARDED_LINES,
  GUARDED_SCRIPT,
  GUARDED_STRINGS,
  HASH_SCRIPT,
  HIDDEN_AGAIN_SCRIPT,
  HIDDEN_SCRIPT,
  RECOVER_SCRIPT,
} from './scripts.js';

/** A stand-in for /proc, in which one file blocks whoever opens it. */
const proc = mkdtempSync(join(tmpdir(), 'proc-'));

function runScript(script: string, args: readonly string[], input = ''): Buffer {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', PROC: proc };
  return execFileSync('sh', ['-c', `set -u\n${script}`, 'exhibit', ...args], { env, input, maxBuffer: 2 ** 27 });
}

beforeAll(() => {
  for (const [pid, state] of [
    ['1', 'S'],
    ['2', 'D'],
    ['3', 'S'],
  ]) {
    const folder = join(proc, pid ?? '');
    mkdirSync(join(folder, 'task', pid ?? ''), { recursive: true });
    writeFileSync(join(folder, 'stat'), `${pid ?? ''} (x) ${state ?? ''} 1 1\n`);
    if (state === 'D') execFileSync('mkfifo', [join(folder, 'environ'), join(folder, 'maps')]);
    else {
      writeFileSync(join(folder, 'environ'), `A=${pid ?? ''}\0B=x\ny\0`);
      writeFileSync(join(folder, 'maps'), `00400000-00401000 r-xp 00000000 08:01 7 /bin/x\n`);
    }
  }
  mkdirSync(join(proc, '4'));
  mkdirSync(join(proc, 'sys', 'kernel'), { recursive: true });
  writeFileSync(join(proc, 'loadavg'), '0.1 0.2 0.3 1/100 9\n');
});

afterAll(() => {
  rmSync(proc, { recursive: true });
});

describe('a process whose memory does not answer', { timeout: 60_000 }, () => {
  it.each([
    ['environ', GUARDED_STRINGS, 'NUL', ['A=1', 'B=x\ny']],
    ['maps', GUARDED_LINES, 'LF', ['00400000-00401000 r-xp 00000000 08:01 7 /bin/x']],
  ] as const)('is named, and holds up nobody: %s', (file, args, end, first) => {
    const records: [string, string][] = [];
    const parser = new GrepRecords(end, ({ name, content }) => void records.push([name, content.toString()]));
    parser.feed(runScript(GUARDED_SCRIPT, [file, ...args, '0.2', '5']));
    const isMark = (name: string) => name.startsWith('exhibit/');
    const afterVoid = records.slice(records.findIndex(([name]) => name === 'exhibit/void') + 1);
    expect(records.find(([name]) => name === 'exhibit/void')?.[1]).toBe('1 3 2');
    expect(afterVoid.filter(([name]) => isMark(name))).toEqual([['exhibit/blocked', `2/${file}`]]);
    expect(afterVoid.filter(([name]) => name === `1/${file}`).map(([, text]) => text)).toEqual(first);
    expect(afterVoid.some(([name]) => name === `3/${file}`)).toBe(true);
    expect(parser.isBetweenRecords).toBe(true);
  });
});

describe('a process that says a line without an end', { timeout: 60_000 }, () => {
  const huge = join(proc, '3', 'cmdline');

  beforeAll(() => {
    writeFileSync(join(proc, '1', 'cmdline'), 'x\0-y\0');
    writeFileSync(join(proc, '2', 'cmdline'), 'z\0');
    writeFileSync(huge, Buffer.alloc(160 * 1024 * 1024, 0x61));
  });

  it('is read at its beginning, in bounded memory, and named; its neighbours are whole', () => {
    const records: [string, string][] = [];
    const parser = new GrepRecords('NUL', ({ name, content }) => {
      records.push([name, content.length > 100 ? String(content.length) : content.toString()]);
    });
    parser.feed(runScript(GUARDED_SCRIPT, ['cmdline', ...GUARDED_STRINGS]));
    const afterVoid = records.slice(records.findIndex(([name]) => name === 'exhibit/void') + 1);
    expect(afterVoid).toEqual([
      ['1/cmdline', 'x'],
      ['1/cmdline', '-y'],
      ['3/cmdline', String(1024 * 1024)],
      ['exhibit/cut', '3/cmdline'],
      ['2/cmdline', 'z'],
    ]);
    expect(parser.isBetweenRecords).toBe(true);
  });
});

describe('an open file that leads to a pipe by now', { timeout: 60_000 }, () => {
  beforeAll(() => {
    execFileSync('mkfifo', [join(proc, '1', 'swapped')]);
  });

  it('is not waited for', () => {
    expect(() => runScript(RECOVER_SCRIPT.replace('KILL 10', 'KILL 1'), ['1/swapped', '1000', '1:1'])).toThrow(
      expect.objectContaining({ status: 5 }),
    );
  });

  it('holds up no digest of another', () => {
    const rows: string[] = [];
    new NulRows(3, (row) => void rows.push(row.map(String).join('|'))).feed(
      runScript(HASH_SCRIPT.replace('KILL 70', 'KILL 1'), [], '1/swapped\x001/stat\0'),
    );
    const sum = createHash('sha256').update('1 (x) S 1 1\n').digest('hex');
    expect(rows).toEqual([expect.stringMatching(new RegExp(String.raw`^1/stat\|\d+ \d+ 12\|${sum}$`))]);
  });
});

describe('a process that is in no listing', () => {
  const answers = (output: Buffer) => {
    const rows: string[] = [];
    new NulRows(2, ([kind, value]) => void rows.push(`${String(kind)} ${String(value)}`)).feed(output);
    return rows;
  };

  it('still answers to its number', () => {
    writeFileSync(join(proc, 'stat'), 'cpu 1\nprocesses 70\n');
    writeFileSync(join(proc, 'sys', 'kernel', 'pid_max'), '64\n');
    const rows = answers(runScript(HIDDEN_SCRIPT, ['1000']));
    expect(rows.filter((row) => row.startsWith('answers'))).toEqual([
      'answers 1',
      'answers 2',
      'answers 3',
      'answers 4',
    ]);
    expect(rows.filter((row) => row === 'task 3')).toHaveLength(2);
    expect(rows).not.toContain('task 4');
    // More forks than numbers: any of them may have been given.
    expect(rows).toContain('tried 64');
  });

  it('answers again, one that ended does not', () => {
    const rows = answers(runScript(HIDDEN_AGAIN_SCRIPT, [], '4\x0012\0'));
    expect(rows.filter((row) => row.startsWith('answers'))).toEqual(['answers 4']);
  });

  it('is not looked for among numbers that were never given', () => {
    writeFileSync(join(proc, 'stat'), 'cpu 1\nprocesses 20\n');
    writeFileSync(join(proc, 'sys', 'kernel', 'pid_max'), '4194304\n');
    expect(answers(runScript(HIDDEN_SCRIPT, ['4194304']))).toContain('tried 1033');
  });
});
