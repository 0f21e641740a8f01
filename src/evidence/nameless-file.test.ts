import { closeSync, fstatSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openNamelessFile } from './nameless-file.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-nameless-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

it('opens a private file that can be used and leaves no name behind', () => {
  const fd = openNamelessFile(directory);
  try {
    expect(readdirSync(directory)).toEqual([]);
    expect(writeSync(fd, 'abc')).toBe(3);
    const { nlink, size, mode } = fstatSync(fd);
    expect([nlink, size, mode & 0o777]).toEqual([0, 3, 0o600]);
  } finally {
    closeSync(fd);
  }
});

it('throws the error of the system where no file can be', () => {
  expect(() => openNamelessFile(join(directory, 'none'))).toThrow('ENOENT');
});
