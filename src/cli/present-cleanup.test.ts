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
  mounts: { found: [], left: [] },
  onNodes: [],
  held: [],
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

describe('what is said of what is elsewhere', () => {
  const point = '/run/exhibit-disks/1-abcdef';
  const onNodes = [{ node: 'node1', file: '/var/lib/kubelet/checkpoints/checkpoint-a.tar', exhibitId: 'abc-x0001' }];

  it('names the images that are still mounted, and those that no longer are', () => {
    const left = { ...clean, mounts: { found: [point], left: [point] }, verdict: 'left' } as const;
    expect(presentCleanup(left)).toMatch(/mounted:\s+\/run\/exhibit-disks\/1-abcdef/);
    expect(cleanupNotice(left)).toMatchObject({
      code: 'CLEANUP_LEFT',
      message: expect.stringContaining(point) as string,
    });
    const gone = { ...clean, mounts: { found: [point], left: [] }, server: null, verdict: 'nothing-left' } as const;
    expect(presentCleanup(gone)).toMatch(/unmounted:\s+\/run\/exhibit-disks\/1-abcdef/);
    expect(presentCleanup(gone)).toContain('no cluster was asked');
  });

  it('names the node and the file of a checkpoint, and where to look', () => {
    const summary = { ...clean, onNodes, verdict: 'unproven' } as const;
    expect(presentCleanup(summary)).toContain('node1: /var/lib/kubelet/checkpoints/checkpoint-a.tar');
    const notice = cleanupNotice(summary);
    expect(notice).toMatchObject({ code: 'CLEANUP_UNPROVEN' });
    expect(notice?.message).toContain('node1: /var/lib/kubelet/checkpoints/checkpoint-a.tar');
    expect(notice?.hints[0]).toContain('/var/lib/kubelet/checkpoints');
  });
});

describe('what is said of what is contained', () => {
  it('names each with its plan, and the release that takes it back', () => {
    const held = [
      { object: 'nodes worker', by: 'taint', caseToken: 'abc', plan: null },
      { object: 'networkpolicies shop/x', by: 'policy', caseToken: 'abc', plan: 'p4x8qd' },
    ] as const;
    const summary = { ...clean, held, verdict: 'held' } as const;
    expect(presentCleanup(summary)).toContain('nodes worker: held by a plan of case abc');
    expect(presentCleanup(summary)).toContain('networkpolicies shop/x: held by plan p4x8qd of case abc');
    expect(cleanupNotice(summary)).toMatchObject({
      code: 'CLEANUP_LEFT',
      hints: ['exhibit release --case abc --plan p4x8qd', 'exhibit release --case abc'],
    });
  });

  it('names the closed case of which nothing can be released, and where it is written what there is', () => {
    const left = { object: 'nodes worker: step 1 cordon', by: 'journal', caseToken: 'k7m2p9', plan: 'p4x8qd' } as const;
    const summary = { ...clean, held: [{ ...left, abandoned: true as const }], verdict: 'held' } as const;
    expect(presentCleanup(summary)).toContain('held by plan p4x8qd of case k7m2p9, which was closed with it');
    expect(cleanupNotice(summary)).toMatchObject({
      message: expect.stringContaining('of closed cases, to be taken back by hand: k7m2p9') as string,
      hints: ['exhibit case show k7m2p9'],
    });
  });
});
