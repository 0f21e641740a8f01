import { describe, expect, it } from 'vitest';
import type { Statement } from '../../model/exhibit.js';
import type { TimestampReport } from '../../model/verdict.js';
import { sealTimeAlarms } from './seal-time-alarms.js';

const statement = { createdAt: '2026-11-22T10:00:00.000Z' } as Statement;

function alarms(genTime: string | null, more: Partial<TimestampReport> = {}): number {
  const token: TimestampReport = {
    path: 'seal/seal.tsr',
    result: 'passed',
    detail: '',
    genTime,
    accuracyMs: null,
    authority: 'TSA',
    sha256: '',
    ...more,
  };
  return sealTimeAlarms(statement, [token]).length;
}

describe('sealTimeAlarms', () => {
  it('are raised for a token long before the statement, or a day after it', () => {
    expect(alarms('2026-11-22T09:54:59.000Z')).toBe(1);
    expect(alarms('2026-11-23T10:00:01.000Z')).toBe(1);
    expect(sealTimeAlarms(statement, [])).toEqual([]);
  });

  it('are not raised for what clocks, accuracy and a long seal explain', () => {
    for (const genTime of ['2026-11-22T09:55:00.000Z', '2026-11-22T10:00:00.000Z', '2026-11-23T10:00:00.000Z', null])
      expect(alarms(genTime)).toBe(0);
    expect(alarms('2026-11-22T09:54:59.000Z', { accuracyMs: 1000 })).toBe(0);
  });

  it('are not raised by tokens that were got later, that failed, or without a statement', () => {
    expect(alarms('2027-11-22T10:00:00.000Z', { path: 'x.custody/0001-retimestamp.json' })).toBe(0);
    expect(alarms('2027-11-22T10:00:00.000Z', { result: 'failed' })).toBe(0);
    expect(sealTimeAlarms(null, [])).toEqual([]);
  });
});
