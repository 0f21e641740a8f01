import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorResult } from '../../src/cli/results/error-result.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { untilPrinted, User } from './exhibit.js';

let user: User;
let sandbox: Sandbox;

beforeEach(async () => {
  user = new User();
  sandbox = await user.sandbox([{ kind: 'no-answer', path: /\/log\?(?!.*previous=true)/ }]);
  await user.run('key', 'new');
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

describe('a collection that is interrupted', () => {
  it.each([
    ['SIGINT', 130, 'INTERRUPTED'],
    ['SIGTERM', 143, 'TERMINATED'],
  ] as const)('by %s ends with %i and one document, and resume goes on', async (signal, exitCode, code) => {
    const child = user.start('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath, '--json');
    await untilPrinted(child, 'tier V4');
    child.kill(signal);
    const ended = await child;
    expect({ exitCode: ended.exitCode, signal: ended.signal }).toEqual({ exitCode, signal: undefined });
    expect(ended.stderr).toContain('nothing new is started');
    expect(errorResult.parse(JSON.parse(ended.stdout)).error).toMatchObject({
      code,
      hints: ['exhibit resume'],
      safe: expect.stringMatching(/^\d+ of \d+ artifacts were read/) as string,
    });
    await sandbox.setFaults([]);
    const resumed = await user.json('resume', '--kubeconfig', sandbox.kubeconfigPath);
    expect(resumed).toMatchObject({ exitCode: 0, document: { completeness: 'complete' } });
  });

  it('twice ends at once, and the case can still be sealed', async () => {
    const child = user.start('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    await untilPrinted(child, 'tier V4');
    child.kill('SIGINT');
    child.kill('SIGINT');
    const ended = await child;
    expect(ended.exitCode).toBe(130);
    const shown = await user.run('case', 'show');
    expect(shown.stdout).toMatch(/not finished: running or interrupted, incident, \d+ of \d+ read/);
    const sealed = await user.json('seal');
    expect(sealed.exitCode).toBe(3);
    expect(sealed.stderr).toMatch(
      /\d+ of \d+ artifacts were not read, \d+ of them required; exhibit resume would read them/,
    );
    expect((await user.json('verify', String(sealed.document['archivePath']))).exitCode).toBe(0);
  });
});
