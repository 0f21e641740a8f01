import { describe, expect, it } from 'vitest';
import type { MeasuredLog } from './events/measure-log.js';
import { retentionOf } from './retention.js';

const HOUR_MS = 3_600_000;
/** One MiB an hour. */
const LOG = { bytes: 2 ** 20, firstMs: 0, lastMs: HOUR_MS } as MeasuredLog;
const NONE = { maxSize: null, maxBackup: null, maxAge: null };

describe('retentionOf', () => {
  it.each([
    ['by size', LOG, { maxSize: 24, maxBackup: 9, maxAge: 0 }, 10, /10 of 90 days that are wanted, by size/],
    [
      'by size with the size that the server takes',
      LOG,
      { maxSize: null, maxBackup: 23, maxAge: null },
      100,
      /by size/,
    ],
    ['by age where that is less', LOG, { maxSize: 24, maxBackup: 9, maxAge: 5 }, 5, /5\.0 of 90 .*by age/],
    ['by age where all files are kept', null, { maxSize: null, maxBackup: 0, maxAge: 30 }, 30, /by age/],
    ['by nothing', LOG, { maxSize: 24, maxBackup: 0, maxAge: 0 }, null, /nothing but the disk/],
    ['not without the number of files', LOG, { maxSize: 24, maxBackup: null, maxAge: 30 }, null, /cannot be told/],
    ['not without a log', null, { maxSize: 24, maxBackup: 9, maxAge: 30 }, null, /cannot be told/],
    [
      'not by a log of a moment',
      { ...LOG, lastMs: 1000 },
      { maxSize: 24, maxBackup: 9, maxAge: 30 },
      null,
      /cannot be/,
    ],
    ['not by anything', null, NONE, null, /cannot be told/],
  ])('is known %s', (_, log, rotation, keptDays, reason) => {
    const found = retentionOf(log, rotation, 90);
    expect(found.keptDays).toBe(keptDays);
    expect(found.reason).toMatch(reason);
  });
});
