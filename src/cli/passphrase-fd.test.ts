import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExhibitError } from '../model/errors.js';
import { descriptorPassphrases } from './passphrase-fd.js';

const never = new AbortController().signal;
let directory: string;
let descriptor: number | null = null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-fd-'));
});
afterEach(() => {
  if (descriptor !== null) closeSync(descriptor);
  descriptor = null;
  rmSync(directory, { recursive: true });
});

/** An open descriptor of a file with these bytes. */
function descriptorOf(bytes: string | Buffer): string {
  writeFileSync(join(directory, 'file'), bytes);
  descriptor = openSync(join(directory, 'file'), 'r');
  return String(descriptor);
}

describe('descriptorPassphrases', () => {
  it('gives a line for each lock, exactly as it stands, and then no more', async () => {
    const source = descriptorPassphrases(descriptorOf('one\n two \u00e9\r\n\nlast'), never);
    const lines = [];
    for (let count = 0; count < 4; count += 1) lines.push((await source.read('k')).toString());
    expect(lines).toEqual(['one', ' two \u00e9\r', '', 'last']);
    await expect(source.read('the key /k')).rejects.toMatchObject({ code: 'DECLINED', subject: 'the key /k' });
    source.close();
    expect(source.maxTries).toBe(1);
  });

  it('refuses a line that is no passphrase any more', async () => {
    const source = descriptorPassphrases(descriptorOf(`${'x'.repeat(1024)}\n${'x'.repeat(1025)}\n`), never);
    expect((await source.read('k')).length).toBe(1024);
    await expect(source.read('k')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    source.close();
  });

  it.each(['1', '2', '-1', '3.5', 'three', '', '0x3', '999999', '3;'])('refuses %j', (text) => {
    expect(() => descriptorPassphrases(text, never)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });

  it('says that a descriptor is not open, and reads neither a device nor a folder', () => {
    const refused = (why: string): unknown =>
      expect.objectContaining({ code: 'USAGE_INVALID', message: expect.stringContaining(why) as string });
    expect(() => descriptorPassphrases('9999', never)).toThrow(refused('EBADF'));
    for (const path of ['/dev/zero', directory]) {
      const opened = openSync(path, 'r');
      expect(() => descriptorPassphrases(String(opened), never)).toThrow(refused('is no file, pipe or socket'));
      closeSync(opened);
    }
  });

  it('waits for a pipe that is written later, and stops waiting when the run is interrupted', async () => {
    const pipe = join(directory, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const controller = new AbortController();
    const source = descriptorPassphrases(String(descriptor), controller.signal);
    const first = source.read('k');
    writeSync(descriptor, 'late\n');
    expect((await first).toString()).toBe('late');
    const second = source.read('k');
    const reason = new ExhibitError('INTERRUPTED', 'interrupted');
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    source.close();
  });
});
