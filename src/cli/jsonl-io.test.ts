import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.js';
import { openIo } from './io-host.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-events-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(events: string) {
  const stderr: string[] = [];
  const time = { ms: 1_767_323_045_678 };
  const clock = { nowMs: () => time.ms, monoUs: () => time.ms * 1000, bootId: () => 'b' };
  const io = openIo({
    environment: readEnvironment(),
    clock,
    verbosity: 'normal',
    events,
    writeStderr: (text) => stderr.push(text),
  });
  return { io, time, stderr: () => stderr.join('') };
}

describe('--events jsonl', () => {
  it('replaces the text on stderr by one line of ASCII JSON for each message', () => {
    const { io, stderr } = open('jsonl');
    io.emit('COLLECT_GAP', 'pod \u001b[2J\u202e\nx', { artifact: 'a' });
    expect(stderr()).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(stderr())).toEqual({
      type: 'message',
      code: 'COLLECT_GAP',
      level: 'warn',
      at: '2026-01-02T03:04:05.678Z',
      text: 'pod \u001b[2J\u202e\nx',
      data: { artifact: 'a' },
    });
  });

  it('never throws, whatever the data holds', () => {
    const { io, stderr } = open('jsonl');
    const endless: Record<string, unknown> = {};
    endless['self'] = endless;
    io.emit('NOTE', 'round', endless);
    io.emit('NOTE', 'big', { size: 1n });
    expect(
      stderr()
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { text: string }).text),
    ).toEqual(['round', 'big']);
  });

  it('says how far the work is at most once a second, and at each phase', () => {
    const { io, time, stderr } = open('jsonl');
    const state = { phase: 'V0', done: 0, total: 9, bytes: 0, current: [], gaps: 0, lastError: null };
    for (let tick = 0; tick < 25; tick += 1) {
      io.progress({ ...state, done: tick });
      time.ms += 100;
    }
    io.progress({ ...state, phase: 'V4' });
    const lines = stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { phase: string; done: number });
    expect(lines.map(({ phase, done }) => `${phase} ${String(done)}`)).toEqual(['V0 0', 'V0 10', 'V0 20', 'V4 0']);
  });
});

describe('--events jsonl=FILE', () => {
  it('leaves the text on stderr and appends to a file of the owner', () => {
    const path = join(directory, 'events.jsonl');
    for (const text of ['first', 'second']) {
      const { io, stderr } = open(`jsonl=${path}`);
      io.emit('NOTE', text);
      io.close();
      expect(stderr()).toBe(`${text}\n`);
    }
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each(['json', 'jsonl=', 'jsonl=/nonexistent/x'])('refuses %s', (events) => {
    expect(() => open(events)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});
