import { describe, expect, it } from 'vitest';
import type { ClockRecord } from '../../model/request.js';
import { ClockLedger } from './clock-ledger.js';

const recordOf = (offsetMinMs: number, offsetMaxMs: number, source = 'api-server'): ClockRecord => ({
  source,
  at: '2026-11-22T10:00:00.000Z',
  phase: 'during',
  offsetMinMs,
  offsetMaxMs,
  roundTripMs: 3,
});

async function told(records: readonly ClockRecord[]): Promise<{ kept: ClockRecord[]; alarms: string[] }> {
  const kept: ClockRecord[] = [];
  const alarms: string[] = [];
  const exhibit = {
    clock: (record: ClockRecord) => {
      kept.push(record);
      return Promise.resolve();
    },
  };
  const ledger = new ClockLedger(exhibit, {
    emit: (code, text) => alarms.push(`${code} ${text}`),
    progress: () => undefined,
  });
  for (const record of records) await ledger.record(record);
  return { kept, alarms };
}

describe('ClockLedger', () => {
  it('keeps every record, and is silent about intervals that a right clock allows', async () => {
    const records = [recordOf(-400, 700), recordOf(5000, 6100), recordOf(-6100, -5000)];
    expect(await told(records)).toEqual({ kept: records, alarms: [] });
  });

  it('raises an alarm once for each source that contradicts this clock', async () => {
    const { alarms } = await told([
      recordOf(5001, 6100),
      recordOf(7000, 8000),
      recordOf(-90_000, -60_000, 'tsa https://tsa.example'),
    ]);
    expect(alarms).toEqual([
      `CLOCK_CONTRADICTED the clock of api-server is at least 5.0 s ahead of that of the machine that collected: one of them is wrong`,
      `CLOCK_CONTRADICTED the clock of tsa https://tsa.example is at least 60.0 s behind that of the machine that collected: one of them is wrong`,
    ]);
  });
});
