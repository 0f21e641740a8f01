import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from './record-line.js';
import { SyncedFile } from './synced-file.js';

const temporaryPath = (): string => join(mkdtempSync(join(tmpdir(), 'synced-')), 'records.jsonl');

describe('SyncedFile', () => {
  it('refuses text with a line that no reader takes, whole, and goes on', async () => {
    const path = temporaryPath();
    const file = await SyncedFile.open(path);
    const longest = `${'x'.repeat(MAX_RECORD_BYTES - 1)}\n`;
    await expect(file.append(`a\nx${longest}b\n`)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(file.append(`a\n${'x'.repeat(MAX_RECORD_BYTES + 1)}`)).rejects.toMatchObject({ code: 'INTERNAL' });
    await file.append(`${longest}c\n`);
    await file.close();
    expect(readFileSync(path, 'latin1')).toBe(`${longest}c\n`);
  });

  it('resolves an append only when what must be on the disk with it is there, and fails with it', async () => {
    const file = await SyncedFile.open(temporaryPath());
    const order: string[] = [];
    let finish = (): void => undefined;
    const begun = new Promise<void>((began) => {
      file.syncWith(async () => {
        began();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        order.push('the other');
      });
    });
    const appended = file.append('a\n').then(() => order.push('this'));
    await begun;
    setImmediate(() => {
      finish();
    });
    await appended;
    expect(order).toEqual(['the other', 'this']);
    file.syncWith(async () => await Promise.reject(new Error('broken')));
    await expect(file.append('b\n')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await file.close();
  });
});
