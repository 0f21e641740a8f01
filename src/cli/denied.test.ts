import { describe, expect, it } from 'vitest';
import { presentDenied, roleForDenied } from './denied.js';

const gap = (detail: string, outcome = 'denied') => ({ artifact: 'a', outcome, reason: 'forbidden', detail });
const refused = (verb: string, resource: string, group = '') =>
  gap(`x is forbidden: User "u" cannot ${verb} resource "${resource}" in API group "${group}" at the cluster scope`);

describe('what was denied', () => {
  it('is grouped by the right, with the role that grants it', () => {
    const gaps = [
      refused('list', 'configmaps'),
      refused('get', 'pods/log'),
      refused('get', 'pods/log'),
      gap('', 'failed'),
    ];
    const text = presentDenied({ gaps, outcomes: { denied: 3 } }).join('\n');
    expect(text).toContain('Denied: 3\n  get pods/log: 2\n  list configmaps: 1\n');
    expect(text).toContain('kubectl apply -f templates/rbac/collector-readonly.yaml');
  });

  it('names the role of the kubelet only where that alone is missing', () => {
    expect(roleForDenied({ gaps: [refused('get', 'nodes/proxy')] })).toContain('collector-kubelet');
    expect(roleForDenied({ gaps: [refused('get', 'nodes/proxy'), refused('list', 'jobs', 'batch')] })).toContain(
      'readonly',
    );
    expect(roleForDenied({ gaps: [gap('', 'failed')] })).toBeNull();
  });

  it('asks for no role where a node refused, or no way led there', () => {
    const gaps = [
      { ...gap('ssh: permission-denied'), reason: 'no-node-access' },
      { ...gap('/etc/shadow'), reason: 'permission' },
    ];
    expect(roleForDenied({ gaps })).toBeNull();
    const text = presentDenied({ gaps, outcomes: { denied: 2 } }).join('\n');
    expect(text).toContain('Denied: 2\n  on nodes: 2; read as root');
    expect(text).not.toContain('kubectl');
  });

  it('lets no control character of a server through', () => {
    expect(presentDenied({ gaps: [refused('list', 'a\u001b[2J')], outcomes: { denied: 1 } }).join('\n')).toMatch(
      /^[\x20-\x7e\n]*$/,
    );
  });
});
