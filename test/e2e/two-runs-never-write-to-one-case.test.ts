import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { untilPrinted, User } from './exhibit.js';

const user = new User();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await user.sandbox([{ kind: 'no-answer', path: /\/log\?(?!.*previous=true)/ }]);
});
afterAll(async () => {
  await sandbox.stop();
  user.remove();
});

describe('a second run on the same case', () => {
  it('is refused with exit 30 and leaves the first alone; reading stays possible', async () => {
    const first = user.start('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    await untilPrinted(first, 'tier V4');
    const second = await user.json('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    expect(second.exitCode).toBe(30);
    expect(second.document['error']).toMatchObject({ code: 'CASE_LOCKED' });
    expect((await user.json('case', 'show')).exitCode).toBe(0);
    await sandbox.setFaults([]);
    first.kill('SIGINT');
    expect((await first).exitCode).toBe(130);
    expect(await user.json('resume', '--kubeconfig', sandbox.kubeconfigPath)).toMatchObject({ exitCode: 0 });
  });
});
