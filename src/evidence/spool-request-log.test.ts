import { appendFileSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from './bag-layout.js';
import { parseRequestLine, SpoolRequestLog } from './spool-request-log.js';

const START = { method: 'GET', url: 'https://x/api', auditIdSent: 'id', sentAt: '2026-01-01T00:00:00.000Z' };
const END = {
  status: 200,
  auditIdAnswered: null,
  serverDate: null,
  sizeBytes: 1,
  sha256: null,
  tlsPeerSha256: null,
  firstByteAt: null,
  lastByteAt: null,
  error: null,
};

const temporaryPath = (): string => join(mkdtempSync(join(tmpdir(), 'requests-')), 'requests.spool.jsonl');
const kinds = (path: string): (string | undefined)[] =>
  readFileSync(path, 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => parseRequestLine(line)?.kind);

describe('SpoolRequestLog', () => {
  it('has given a call to the kernel before `begin` returns, so that no kill loses it', async () => {
    const path = temporaryPath();
    const { log } = await SpoolRequestLog.open(path);
    for (let calls = 1; calls <= 3; calls += 1) {
      const seq = log.begin(START);
      expect(kinds(path).filter((kind) => kind === 'sent')).toHaveLength(calls);
      log.end(seq, END);
    }
    await log.close();
    expect(kinds(path)).toEqual(['sent', 'done', 'sent', 'done', 'sent', 'done']);
    expect(log.failure).toBeNull();
  });

  it('refuses a call whose record no reader takes and goes on with the next number', async () => {
    const path = temporaryPath();
    const { log } = await SpoolRequestLog.open(path);
    expect(() => log.begin({ ...START, url: `https://x/${'x'.repeat(MAX_RECORD_BYTES / 2)}` })).toThrow('too long');
    expect(statSync(path).size).toBe(0);
    const seq = log.begin(START);
    log.end(seq, { ...END, error: '\u{1f600}'.repeat(MAX_RECORD_BYTES) });
    await log.close();
    expect(seq).toBe(1);
    expect(kinds(path)).toEqual(['sent', 'done']);
    expect(statSync(path).size).toBeLessThan(MAX_RECORD_BYTES);
    expect(log.failure).toBeNull();
  });

  it('has everything written when `sync` resolves, many at once', async () => {
    const path = temporaryPath();
    const { log } = await SpoolRequestLog.open(path);
    for (let n = 0; n < 5; n += 1) {
      log.end(log.begin(START), END);
      await Promise.all([log.sync(), log.sync(), log.sync()]);
      expect(kinds(path)).toHaveLength(2 * (n + 1));
    }
    await log.close();
    expect(log.failure).toBeNull();
  });

  it('puts a torn end aside before it is cut off', async () => {
    const path = temporaryPath();
    const first = await SpoolRequestLog.open(path);
    first.log.begin(START);
    await first.log.close();
    appendFileSync(path, 'sent\t2\t{"ha');
    for (let opened = 0; opened < 2; opened += 1) {
      const { log, torn } = await SpoolRequestLog.open(path);
      expect(torn?.bytes.toString()).toBe('sent\t2\t{"ha');
      await log.close();
    }
    expect(kinds(path)).toEqual(['sent']);
    expect(existsSync(`${path}.torn`)).toBe(true);
  });
});
