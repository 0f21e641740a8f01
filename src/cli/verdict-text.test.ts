import { describe, expect, it } from 'vitest';
import type { Finding } from '../model/verdict.js';
import { verdictLines } from './verdict-text.js';

const checks = [
  { check: 'hashes', result: 'passed', detail: '' },
  { check: 'time', result: 'skipped', detail: 'no time-stamp token' },
] as const;
const ending = 'not checked: time (no time-stamp token), snapshots outside the archive.';
const report = (clauses: string, findings: readonly Finding[] = []) => ({
  line: `Authority not stated. VERIFIED: ${clauses}; ${ending}`,
  verdict: 'VERIFIED' as const,
  checks,
  statement: null,
  findings,
});

describe('a verdict at a terminal', () => {
  it('begins with the verdict, says that no authority was stated, and what was not checked on a line of its own', () => {
    expect(verdictLines(report('drill exhibit k7m2p9-x0001, complete'), 200)).toEqual([
      'VERIFIED: authority not stated; drill exhibit k7m2p9-x0001, complete.',
      `N${ending.slice(1)}`,
    ]);
  });

  it('is wrapped at spaces and loses no word', () => {
    const shown = report(`signed by a@b SHA256:${'x'.repeat(43)}`);
    const lines = verdictLines(shown, 60);
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
    expect(lines.join(' ')).toBe(verdictLines(shown, 4000).join(' '));
    expect(lines.join('\n')).toContain(`SHA256:${'x'.repeat(43)}`);
  });

  it('says first that the receipt is of another exhibit, or that the file is no archive', () => {
    const receipt = { check: 'receipt', path: '', expected: 'exhibitId aaa-x0001', found: 'bbb-x0001' } as const;
    expect(verdictLines(report('x', [receipt]), 200)[0]).toBe(
      'This receipt is for aaa-x0001, not for this archive (bbb-x0001).',
    );
    const container = {
      check: 'container',
      path: '',
      expected: 'the gzip header',
      found: 'another beginning',
    } as const;
    expect(verdictLines(report('x', [container]), 200)[0]).toContain('not an exhibit archive');
  });

  it('leaves a line of another make as it is, escaped', () => {
    expect(verdictLines({ ...report('x'), line: 'odd \u001b[2J' }, 200)).toEqual(['odd \\x1b[2J']);
  });
});
