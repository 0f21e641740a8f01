import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { archivePathOf } from './archive-argument.js';
import type { Context } from './context.js';

let casesDirectory: string;
let sealed: string;

beforeEach(() => {
  casesDirectory = mkdtempSync(join(tmpdir(), 'exhibit-argument-'));
  sealed = join(casesDirectory, 'k7m2p9/sealed');
  mkdirSync(sealed, { recursive: true });
});
afterEach(() => {
  rmSync(casesDirectory, { recursive: true });
});

const pathOf = (argument: string): string =>
  archivePathOf({ locations: { casesDirectory } } as unknown as Context, argument);

it('an archive is named by its path, whatever that is', () => {
  for (const path of ['a.tar.gz', './k7m2p9-x0001', '/x/k7m2p9-x0001.tar.gz', '', 'K7M2P9-x0001'])
    expect(pathOf(path)).toBe(path);
});

it('or by the id of a sealed exhibit, of which the encrypted archive goes first', () => {
  expect(() => pathOf('k7m2p9-x0001')).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  writeFileSync(join(sealed, 'k7m2p9-x0001.tar.gz'), '');
  expect(pathOf('k7m2p9-x0001')).toBe(join(sealed, 'k7m2p9-x0001.tar.gz'));
  writeFileSync(join(sealed, 'k7m2p9-x0001.tar.gz.age'), '');
  expect(pathOf('k7m2p9-x0001')).toBe(join(sealed, 'k7m2p9-x0001.tar.gz.age'));
});
