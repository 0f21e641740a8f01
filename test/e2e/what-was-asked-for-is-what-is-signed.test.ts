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

const cluster = (): string[] => ['--kubeconfig', sandbox.kubeconfigPath];

async function signedScope(): Promise<unknown> {
  const sealed = await user.json('seal');
  return (sealed.document['statement'] as { scope: unknown }).scope;
}

describe('the scope that is signed', () => {
  it('is what both collections into one exhibit asked for', async () => {
    await user.run('collect', '--namespace', 'exhibit-quiet', '--profile', 'triage', ...cluster());
    await user.run('collect', '--node', 'node1', '--profile', 'triage', '--kubelet', ...cluster());
    expect(await signedScope()).toMatchObject({
      all: false,
      nodes: ['node1'],
      namespaces: ['exhibit-quiet'],
      kubelet: true,
    });
  });

  it.each([
    ['node', ['--node', 'node9']],
    ['pod', ['--pod', 'exhibit-quiet/bites']],
    ['namespace', ['--namespace', 'exhibit-quiett']],
  ])('knows nothing of a misspelt %s, which ends with 12 and leaves nothing to resume', async (_, selector) => {
    const misspelt = await user.json('collect', ...selector, ...cluster());
    expect(misspelt).toMatchObject({ exitCode: 12, document: { error: { code: 'TARGET_GONE' } } });
    expect((await user.json('resume', ...cluster())).document['error']).toMatchObject({ code: 'NOTHING_TO_RESUME' });
    const right = await user.run('collect', '--namespace', 'exhibit-quiet', '--profile', 'triage', ...cluster());
    expect(right.exitCode).toBe(0);
    expect(right.stderr).not.toContain('interrupted');
    expect(await signedScope()).toMatchObject({ nodes: [], pods: [], namespaces: ['exhibit-quiet'] });
  });

  it('is held to the limits of the authority, kubelets included', async () => {
    await user.run(
      'case',
      'open',
      '--reference',
      'R',
      '--reason',
      'r',
      '--authority-by',
      'b',
      '--authority-ground',
      'g',
      '--limit',
      'namespace=exhibit-quiet',
    );
    const asked = await user.json('collect', '--node', 'node1', '--kubelet', ...cluster());
    expect(asked).toMatchObject({ exitCode: 5, document: { error: { code: 'LIMIT_OF_AUTHORITY' } } });
    const narrowed = await user.run('collect', '--node', 'node1', '--profile', 'triage', ...cluster());
    expect(narrowed.stderr).toContain('beyond the limits of the authority');
  });
});
