import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { untilPrinted, User } from './exhibit.js';

let user: User;
let sandbox: Sandbox;

beforeEach(async () => {
  user = new User();
  // The logs hang: the collection is in the middle for as long as it takes to kill it.
  sandbox = await user.sandbox([{ kind: 'no-answer', path: /\/log\?(?!.*previous=true)/ }]);
  await user.run('key', 'new');
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

/** Starts a collection and kills it without warning once it waits for logs. */
async function killInTheMiddle(): Promise<void> {
  const child = user.start('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
  await untilPrinted(child, 'tier V4');
  child.kill('SIGKILL');
  expect((await child).signal).toBe('SIGKILL');
}

describe('after kill -9 in the middle of a collection', () => {
  it('resume reads the rest, and the archive is whole', async () => {
    await killInTheMiddle();
    await sandbox.setFaults([]);
    const before = sandbox.requests().length;
    const resumed = await user.json('resume', '--kubeconfig', sandbox.kubeconfigPath);
    expect(resumed).toMatchObject({ exitCode: 0, document: { completeness: 'complete', gapsTotal: 0 } });
    const again = sandbox
      .requests()
      .slice(before)
      .filter(({ target }) => target.startsWith('/api/v1/configmaps'));
    expect(again).toEqual([]);
    const sealed = await user.json('seal');
    expect(sealed.exitCode).toBe(0);
    const verified = await user.json(
      'verify',
      String(sealed.document['archivePath']),
      '--receipt',
      String(sealed.document['receiptPath']),
    );
    expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
    expect((await user.json('resume', '--kubeconfig', sandbox.kubeconfigPath)).document['error']).toMatchObject({
      code: 'NOTHING_TO_RESUME',
    });
  });

  it('seal closes what is there, and every artifact that was not read is a gap', async () => {
    await killInTheMiddle();
    const sealed = await user.json('seal');
    expect(sealed.exitCode).toBe(3);
    const statement = sealed.document['statement'] as { outcomeCounts: Record<string, number> };
    expect(statement.outcomeCounts['failed']).toBeGreaterThan(0);
    expect(statement.outcomeCounts['collected']).toBeGreaterThan(0);
    expect(await user.json('verify', String(sealed.document['archivePath']))).toMatchObject({
      exitCode: 0,
      document: { verdict: 'VERIFIED_PARTIAL' },
    });
  });
});
