import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runInProcess } from '../../test/fakes/run-in-process.js';
import Cleanup from './cleanup.js';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-cleanup-'));
  vi.stubEnv('EXHIBIT_HOME', home);
  // There is no cluster: whatever goes on to one fails otherwise.
  vi.stubEnv('KUBECONFIG', join(home, 'none'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

describe('cleanup --all-cases', () => {
  it('is never answered with --yes, since it ends collections elsewhere', async () => {
    const { error } = await runInProcess(Cleanup, 'cleanup', ['--all-cases', '--yes']);
    expect(error).toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining('--yes') as string });
  });

  it('takes --yes where nothing is changed', async () => {
    const { error } = await runInProcess(Cleanup, 'cleanup', ['--all-cases', '--yes', '--verify']);
    expect(error?.code).toMatch(/^KUBECONFIG_/);
  });
});
