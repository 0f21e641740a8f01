import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from './exhibit.js';

const MINIMUM = resolve(import.meta.dirname, '../../templates/audit/minimum.yaml');

let user: User;
beforeAll(() => {
  user = new User();
});
afterAll(() => {
  user.remove();
});

describe('an audit policy', () => {
  it('is judged from a file or standard input, and what was required fails the command', async () => {
    const judged = await user.json('audit', 'readiness', '--policy', MINIMUM, '--require', 'D19');
    expect(judged.exitCode).toBe(3);
    expect(judged.document).toMatchObject({ policy: { rules: 1 }, score: { points: 40, judged: 55, most: 100 } });
    expect(judged.stderr).toContain('D19 cannot be relied on');
    const piped = await user.shell(`exhibit audit readiness --policy - --require D01 < '${MINIMUM}'`);
    expect(piped).toMatchObject({ exitCode: 0, stderr: '' });
    expect(piped.stdout).toMatch(/^44 detections: 23 can fire, 6 degraded, 15 blind\.\n/);
  });

  it('with a mistake is refused with its place', async () => {
    const { exitCode, stdout, stderr } = await user.shell(
      `printf 'apiVersion: audit.k8s.io/v1\\nkind: Policy\\nrules:\\n- level: None\\n  user: [a]\\n' | exhibit audit readiness --policy -`,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('line 5, column 3: unknown field "user"');
  });
});
