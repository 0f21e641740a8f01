import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorResult } from '../../src/cli/results/error-result.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { untilPrinted, User } from './exhibit.js';

const user = new User();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await user.sandbox();
});
afterAll(async () => {
  await sandbox.stop();
  user.remove();
});

describe('a drill in the sandbox that is interrupted', () => {
  it('is run again, never resumed: nothing of a cluster gets into it', async () => {
    const child = user.start('drill', 'run', '--sandbox', '--kind', 'drill', '--json');
    await untilPrinted(child, 'tier V0');
    child.kill('SIGINT');
    const { error } = errorResult.parse(JSON.parse((await child).stdout));
    expect(error).toMatchObject({ code: 'INTERRUPTED', hints: ['exhibit drill run --sandbox'] });

    const { document } = await user.json('case', 'list');
    const [drill] = document['cases'] as { caseId: string }[];
    const cluster = ['--case', drill?.caseId ?? '', '--kubeconfig', sandbox.kubeconfigPath];
    for (const words of [['resume'], ['collect', '--all', '--kind', 'drill']]) {
      const refused = await user.json(...words, ...cluster);
      expect(refused).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
      expect(refused.stderr + refused.stdout).toContain('the drill is over; run it again');
    }
    expect(sandbox.requests()).toEqual([]);
  });
});
