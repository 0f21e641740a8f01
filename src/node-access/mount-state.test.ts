import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isReadOnly, mountOf } from './mount-state.js';

const folder = mkdtempSync(join(tmpdir(), 'exhibit-mount-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the mount that a path lies on', () => {
  it('is the nearest above it', async () => {
    expect((await mountOf('/'))?.mountPoint).toBe('/');
    expect((await mountOf('/proc/self'))?.fsType).toBe('proc');
  });

  it('is not read-only where we have just written', async () => {
    const mount = await mountOf(folder);
    expect(mount === null || isReadOnly(mount)).toBe(false);
  });

  it.each([
    [['ro', 'nosuid'], ['rw'], true],
    [['rw'], ['ro'], true],
    [['rw'], ['rw', 'errors=remount-ro'], false],
  ])('with %j on a filesystem with %j is read-only: %s', async (options, superOptions, expected) => {
    const mount = await mountOf('/');
    expect(mount === null ? expected : isReadOnly({ ...mount, options, superOptions })).toBe(expected);
  });
});
