import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { User } from './exhibit.js';

const SECRET = 'hunter2-is-no-password';
const user = new User();
afterAll(() => user.remove());

describe('a secret on the command line', () => {
  it.each([
    ['collect', '--all', `--token=${SECRET}`],
    ['collect', '--all', '--password', SECRET, '--debug', '--verbose'],
    ['collect', '--all', '--proxy-url', `http://user:${SECRET}@proxy`],
    ['nosuchcommand', `--token=${SECRET}`],
  ])('%s %s is refused with exit 2', async (...args) => {
    user.environment['DEBUG'] = '*';
    for (const ended of [await user.run(...args), await user.run(...args, '--json')]) {
      expect(ended.exitCode).toBe(2);
      expect(ended.stdout + ended.stderr).toContain('USAGE_SECRET_IN_ARGV');
      expect(ended.stdout + ended.stderr).not.toContain(SECRET);
    }
    expect(spawnSync('grep', ['-r', SECRET, user.directory]).status).toBe(1);
  });
});
