import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

let user: User;
let sandbox: Sandbox;

beforeEach(async () => {
  user = new User();
  sandbox = await user.sandbox();
  await user.run('key', 'new');
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

describe('a credential that expires in the middle of a run', () => {
  it('ends it with 10, keeps what was collected, and after a new login resume does the rest', async () => {
    await sandbox.setFaults([{ kind: 'status', status: 401, path: /\/pods\/[^/]+\/log/ }]);
    const stopped = await user.json('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    expect(stopped).toMatchObject({ exitCode: 10, document: { error: { code: 'CLUSTER_UNAUTHENTICATED' } } });

    await sandbox.setFaults([]);
    const resumed = await user.json('resume', '--kubeconfig', sandbox.kubeconfigPath);
    expect(resumed).toMatchObject({ exitCode: 0, document: { completeness: 'complete', gapsTotal: 0 } });
    const sealed = await user.json('seal');
    expect(sealed).toMatchObject({ exitCode: 0, document: { report: { verdict: 'VERIFIED' } } });
  });

  it('can be sealed at once instead, with what is missing as gaps', async () => {
    await sandbox.setFaults([{ kind: 'status', status: 401, path: /\/pods\/[^/]+\/log/ }]);
    await user.run('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    const sealed = await user.json('seal');
    expect(sealed).toMatchObject({ exitCode: 3, document: { report: { verdict: 'VERIFIED_PARTIAL' } } });
  });
});

describe('an API server that is not there', () => {
  it('ends with 10 and says what to try', async () => {
    await sandbox.stop();
    const ended = await user.run('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    expect(ended.exitCode).toBe(10);
    expect(ended.stderr).toContain('CLUSTER_UNREACHABLE');
    expect(ended.stderr).toContain('Try: ');
    expect(ended.stdout).toBe('');
  });
});
