import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { looksLikeRoot } from './looks-like-root.js';

let point: string;
let here: string;
beforeEach(() => {
  point = mkdtempSync(join(tmpdir(), 'exhibit-root-'));
  here = mkdtempSync(join(tmpdir(), 'exhibit-here-'));
  writeFileSync(join(here, 'machine-id'), 'of this machine');
});
afterEach(() => {
  for (const folder of [point, here]) rmSync(folder, { recursive: true });
});

it('knows a root by a file of it, which may be a link itself', async () => {
  expect(await looksLikeRoot(point)).toBe(false);
  mkdirSync(join(point, 'etc'));
  symlinkSync('../usr/lib/os-release', join(point, 'etc/os-release'));
  expect(await looksLikeRoot(point)).toBe(true);
});

it('does not take what lies on this machine for a file of the disk', async () => {
  symlinkSync(here, join(point, 'etc'));
  expect(await looksLikeRoot(point)).toBe(false);
});
