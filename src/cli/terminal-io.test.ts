import { describe, expect, it } from 'vitest';
import type { Progress } from '../ports/io.js';
import { renderLiveView } from './live-view.js';
import { TerminalIo, type TerminalOptions } from './terminal-io.js';

const at: Progress = { phase: 'V0 objects', done: 0, total: 10, bytes: 0, current: [], gaps: 0, lastError: null };

function terminal(options: Partial<TerminalOptions> = {}) {
  const time = { ms: 0 };
  const written: string[] = [];
  const io = new TerminalIo({
    write: (text) => written.push(text),
    clock: { nowMs: () => time.ms, monoUs: () => time.ms * 1000, bootId: () => 'b' },
    verbosity: 'normal',
    live: false,
    colour: false,
    columns: () => 80,
    ...options,
  });
  return { io, time, text: () => written.join('') };
}

/** What a terminal shows after the writes: moves up and clears below are the only controls used. */
function screen(text: string): string[] {
  let lines = [''];
  for (const part of text.split(/(\u001b\[\d+A\r\u001b\[J|\n)/)) {
    const up = /^\u001b\[(\d+)A/.exec(part);
    if (up !== null) lines = [...lines.slice(0, lines.length - 1 - Number(up[1])), ''];
    else if (part === '\n') lines.push('');
    else lines.push((lines.pop() ?? '') + part);
  }
  return lines;
}

describe('messages', () => {
  it('are escaped: a name from the cluster cannot drive the terminal', () => {
    const { io, text } = terminal();
    io.emit('COLLECT_GAP', 'pod a\u001b[2Jb\nError: all lost\u202e');
    expect(text()).toBe('Warning: pod a\\x1b[2Jb\\nError: all lost\\u{202e}\n');
  });

  it('obey the verbosity', () => {
    const shown = (verbosity: TerminalOptions['verbosity']): string => {
      const { io, text } = terminal({ verbosity });
      io.emit('COLLECT_ARTIFACT', 'debug');
      io.emit('NOTE', 'info');
      io.emit('COLLECT_GAP', 'warn');
      io.progress(at);
      return text();
    };
    expect(shown('quiet')).toBe('Warning: warn\n');
    expect(shown('normal')).toBe('info\nWarning: warn\nV0 objects  0/10  0 B\n');
    expect(shown('verbose')).toContain('debug\n');
  });

  it('have colour only where it is welcome', () => {
    const { io, text } = terminal({ colour: true });
    io.emit('COLLECT_GAP', 'x');
    expect(text()).toBe('\u001b[33mWarning:\u001b[0m x\n');
  });
});

describe('progress without a terminal', () => {
  it('is a plain line every five seconds and at each phase, never an escape sequence', () => {
    const { io, time, text } = terminal();
    io.progress(at);
    for (time.ms = 1000; time.ms <= 6000; time.ms += 1000)
      io.progress({ ...at, done: time.ms / 1000, bytes: time.ms * 1024 });
    io.progress({ ...at, phase: 'V4 logs', done: 8 });
    expect(text().split('\n')).toEqual([
      'V0 objects  0/10  0 B',
      'V0 objects  5/10  4.9 MiB  1000 KiB/s  about 5 s left',
      'V4 logs  8/10  0 B  0 B/s  about 2 s left',
      '',
    ]);
  });

  it('measures a resumed run from where it began, not from zero', () => {
    const { io, time, text } = terminal();
    io.progress({ ...at, done: 90, total: 100, bytes: 1_000_000_000 });
    time.ms = 10_000;
    io.progress({ ...at, done: 95, total: 100, bytes: 1_000_000_000 + 10_240 });
    expect(text()).toContain('1.0 KiB/s  about 10 s left');
  });
});

describe('the next piece of work', () => {
  it('is measured from its own beginning', () => {
    const { io, time, text } = terminal();
    io.progress({ ...at, done: 10, bytes: 5_000_000 });
    time.ms = 60_000;
    io.progress({ ...at, phase: 'seal', done: 0, total: 4 });
    time.ms = 62_000;
    io.progress({ ...at, phase: 'read back', done: 1, total: 4, bytes: 2048 });
    expect(text().split('\n').slice(1, 3)).toEqual([
      'seal  0/4  0 B',
      'read back  1/4  2.0 KiB  1.0 KiB/s  about 6 s left',
    ]);
  });
});

describe('the live view', () => {
  it('stays below the messages and is gone after close', () => {
    const { io, time, text } = terminal({ live: true });
    io.progress({ ...at, current: ['pod-logs/a'] });
    io.emit('NOTE', 'first');
    time.ms = 200;
    io.progress({ ...at, done: 3 });
    io.emit('NOTE', 'second');
    expect(screen(text())).toEqual(['first', 'second', 'V0 objects  3/10  0 B', '']);
    io.close();
    expect(screen(text())).toEqual(['first', 'second', '']);
  });

  it('is drawn at most ten times a second', () => {
    const { io, time, text } = terminal({ live: true });
    for (time.ms = 0; time.ms < 1000; time.ms += 1) io.progress(at);
    expect(text().split('V0 objects').length - 1).toBe(10);
  });

  it('keeps to the width, to printable ASCII and to nine lines, whatever the names are', () => {
    const name = `pod/\u001b[31m${'x'.repeat(300)}`;
    const progress = { ...at, current: Array<string>(9).fill(name), gaps: 2, lastError: name };
    const lines = renderLiveView(
      { progress, elapsedMs: 0, doneAtStart: 0, bytesAtStart: 0, losing: [name, name, name, name] },
      40,
    );
    expect(lines.length).toBeLessThanOrEqual(9);
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]{1,39}$/);
  });

  it('keeps saying what will be lost soon', () => {
    const { io, text } = terminal({ live: true });
    io.progress(at);
    io.emit('COLLECT_LOSING', 'events older than 1 h vanish from 04:10 on');
    expect(screen(text()).at(-2)).toBe('  losing soon: events older than 1 h vanish from 04:10 on');
  });
});

describe('what will be lost soon', () => {
  it('is no longer said of events once their tier is over', () => {
    const { io, time, text } = terminal({ live: true });
    io.emit('COLLECT_LOSING', 'events are deleted after an hour');
    io.emit('COLLECT_LOSING', 'nodes not ready: node2');
    io.progress({ ...at, phase: 'collect V0' });
    expect(screen(text()).join('\n')).toContain('losing soon: events');
    time.ms = 1000;
    io.progress({ ...at, phase: 'collect V4' });
    const shown = screen(text()).join('\n');
    expect(shown).not.toContain('losing soon: events');
    expect(shown).toContain('losing soon: nodes not ready');
  });
});
