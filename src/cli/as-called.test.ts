import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asCalled, asInstalled } from './as-called.js';

describe('a hint', () => {
  it('names the program as it was called', () => {
    expect(asCalled('Next: exhibit key new, then exhibit seal', 'kubectl exhibit')).toBe(
      'Next: kubectl exhibit key new, then kubectl exhibit seal',
    );
    expect(asCalled('kubectl exhibit seal; the exhibit is open; /opt/exhibit seal', 'kubectl exhibit')).toBe(
      'kubectl exhibit seal; the exhibit is open; /opt/exhibit seal',
    );
    expect(asCalled('exhibit seal', 'exhibit')).toBe('exhibit seal');
  });

  it('knows every command', () => {
    const commands = readdirSync(join(import.meta.dirname, '../commands')).filter((name) => !name.endsWith('.test.ts'));
    for (const name of [...commands, 'help', 'autocomplete']) {
      const line = `exhibit ${name.replace(/\.ts$/, '')} ARCHIVE`;
      expect(asCalled(line, 'kubectl exhibit')).toBe(`kubectl ${line}`);
    }
  });

  it('names shipped templates by their absolute path, and no path of somebody else', () => {
    const installed = { bin: 'exhibit', root: '/opt/kubexhibit' };
    expect(asInstalled('kubectl apply -f templates/rbac/collector-readonly.yaml', installed)).toBe(
      'kubectl apply -f /opt/kubexhibit/templates/rbac/collector-readonly.yaml',
    );
    expect(asInstalled('/home/a/templates/rbac/x.yaml', installed)).toBe('/home/a/templates/rbac/x.yaml');
  });
});
