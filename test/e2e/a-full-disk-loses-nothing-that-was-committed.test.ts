import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

/** A home on a file system of its own needs the right to mount one. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

let user: User;
let sandbox: Sandbox;

beforeEach(async () => {
  user = new User();
  sandbox = await user.sandbox();
  mkdirSync(user.home, { mode: 0o700 });
  if (mayMount) spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0700', 'tmpfs', user.home]);
  await user.run('key', 'new');
});
afterEach(async () => {
  await sandbox.stop();
  if (mayMount) spawnSync('umount', [user.home]);
  user.remove();
});

/** Leaves so many bytes free. */
function fill(bytesLeft: number): string {
  const { bavail, bsize } = statfsSync(user.home);
  const path = join(user.home, 'ballast');
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - bytesLeft)));
  return path;
}

describe.skipIf(!mayMount)('a full disk (skipped where no file system may be mounted)', () => {
  it.each([12, 48, 130, 700])(
    'while collecting, with %i KiB left: exit 30, and after room was made the rest comes in',
    async (kib) => {
      const ballast = fill(kib * 1024);
      const stopped = await user.json('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
      expect(stopped).toMatchObject({ exitCode: 30, document: { error: { code: 'STORAGE_FULL' } } });
      rmSync(ballast);
      // A run that did not come to know its targets has nothing to resume and is begun anew.
      const again = kib < 100 ? ['collect', '--all'] : ['resume'];
      const resumed = await user.json(...again, '--kubeconfig', sandbox.kubeconfigPath);
      expect(resumed).toMatchObject({ exitCode: 0, document: { completeness: 'complete' } });
      expect(await user.json('seal')).toMatchObject({ exitCode: 0, document: { report: { verdict: 'VERIFIED' } } });
    },
  );

  it('while sealing: exit 30, nothing half-made is left, and the next try succeeds', async () => {
    await user.run('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    const ballast = fill(64 * 1024);
    const stopped = await user.json('seal');
    expect(stopped).toMatchObject({ exitCode: 30, document: { error: { code: 'STORAGE_FULL' } } });
    rmSync(ballast);
    expect(await user.json('seal')).toMatchObject({ exitCode: 0, document: { report: { verdict: 'VERIFIED' } } });
  });
});
