import { describe, expect, it } from 'vitest';
import { failure, runTool, unlessAble } from '../fakes/stock-tools.js';

describe('a test that a machine cannot run', () => {
  it('is skipped with the reason in its name', () => {
    expect(unlessAble(null, { CI: 'true' })).toBe('');
    expect(unlessAble('dockerd: no\n  cgroups', {})).toBe(' (skipped: dockerd: no cgroups)');
    expect(unlessAble('not root', { CI: 'true', EXHIBIT_NO_CONTAINERS: '1' })).toBe(' (skipped: not root)');
  });

  it('fails in CI, unless the machine is said to have no containers', () => {
    for (const set of [undefined, '', '0'])
      expect(() => unlessAble('not root', { CI: 'true', EXHIBIT_NO_CONTAINERS: set })).toThrow('not root');
  });

  it('says what failed in its own words, or that it is not there', () => {
    expect(failure('sh', runTool('sh', ['-c', 'echo no space >&2; exit 3']))).toBe('sh: no space\n');
    expect(failure('sh', runTool('sh', ['-c', 'exit 3']))).toBe('sh: status 3');
    expect(failure('none', runTool('exhibit-no-such-tool', []))).toContain('ENOENT');
  });
});
