import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPolicyFile } from './policy-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-policy-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const refused = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'AUDIT_POLICY_INVALID', message: expect.stringMatching(message) as unknown });

describe('readPolicyFile', () => {
  it('reads a file, and standard input for -', async () => {
    const path = join(folder, 'good.yaml');
    writeFileSync(path, 'rules: é\n');
    expect(await readPolicyFile(path)).toBe('rules: é\n');
    expect(await readPolicyFile('-', Readable.from([Buffer.from('a'), Buffer.from('b')]))).toBe('ab');
  });

  it('refuses a file that is not there, a folder, and other bytes than UTF-8', async () => {
    await expect(readPolicyFile(join(folder, 'none.yaml'))).rejects.toThrow(refused(/ENOENT/));
    await expect(readPolicyFile(folder)).rejects.toThrow(refused(/EISDIR/));
    await expect(readPolicyFile('-', Readable.from([Buffer.from([0xff, 0xfe])]))).rejects.toThrow(refused(/UTF-8/));
  });

  it('stops reading what does not end', async () => {
    const endless = (function* () {
      for (;;) yield Buffer.alloc(1 << 20, ' ');
    })();
    await expect(readPolicyFile('-', Readable.from(endless))).rejects.toThrow(refused(/4 MiB/));
  });
});
