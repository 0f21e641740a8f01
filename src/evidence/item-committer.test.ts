import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CustodyLog } from '../custody/custody-log.js';
import { SyncedFile } from '../custody/synced-file.js';
import { MAX_RECORD_BYTES } from './bag-layout.js';
import { ItemCommitter } from './item-committer.js';

/** A line of so many bytes, LF included. */
const lineOf = (sizeBytes: number, letter: string): string => `${letter.repeat(sizeBytes - 1)}\n`;

describe('ItemCommitter', () => {
  it('refuses an item that the seal would make too long, and none of those that came with it', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'committer-')), 'items.jsonl');
    const file = await SyncedFile.open(path);
    const logged: unknown[] = [];
    const custody = {
      appendMany: (_event: string, list: readonly unknown[]): Promise<void> => {
        logged.push(...list);
        return Promise.resolve();
      },
    } as unknown as CustodyLog;
    const committer = new ItemCommitter(file, custody);
    const largest = MAX_RECORD_BYTES - 64;
    const item = (lines: string): Parameters<ItemCommitter['commit']>[0] => ({
      artifact: 'a',
      lines,
      entries: [{ path: lines.slice(0, 1), sha256: '', sizeBytes: 0 }],
    });
    const ended = await Promise.allSettled(
      [lineOf(largest, 'a'), lineOf(largest + 1, 'b'), lineOf(100, 'c')].map(
        async (lines) => await committer.commit(item(lines)),
      ),
    );
    await file.close();
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ended[1]).toMatchObject({ reason: { code: 'INTERNAL' } });
    expect(readFileSync(path, 'latin1') === lineOf(largest, 'a') + lineOf(100, 'c')).toBe(true);
    expect(logged).toMatchObject([{ path: 'a' }, { path: 'c' }]);
  });
});
