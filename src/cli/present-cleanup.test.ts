import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanupNotice, presentCleanup } from './present-cleanup.js';

const object = {
  ...{ group: '', version: 'v1', resource: 'namespaces', namespace: null, name: 'production', uid: 'u1' },
  ...{ caseToken: 'abc', createdAt: '2026-01-02T03:04:05Z', isEnding: false, node: null },
};
const clean = {
  server: 'https://cluster.example',
  case: null,
  found: [],
  left: [],
  foreign: [],
  unread: [],
  refused: [],
};

describe('what bears our label and is not ours', () => {
  it('is named, and does not make the cluster unclean', () => {
    const summary = { ...clean, foreign: [object], verdict: 'nothing-left' } as const;
    expect(presentCleanup(summary)).toContain('namespaces production: left alone');
    expect(cleanupNotice(summary)).toBeNull();
  });
});

describe('what is said of a cluster that is not proven clean', () => {
  it('names a role that grants the lists that could not be read', () => {
    const unread = ['pods', 'clusterroles'].map((resource) => ({ resource, reason: 'forbidden' }));
    const notice = cleanupNotice({ ...clean, unread, verdict: 'unproven' });
    const file = /templates\/rbac\/\S+/.exec(notice?.hints[0] ?? '')?.[0] ?? '';
    // Pods, namespaces and roles are lists of the whole cluster.
    expect(readFileSync(file, 'utf8')).toMatch(/kind: ClusterRole\n[^]*resources: \["\*"\]\n\s+verbs: \["list"\]/);
  });
});
