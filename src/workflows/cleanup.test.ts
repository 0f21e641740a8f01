import { describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import type { ActionEffect, PlannedAction } from '../ports/action-record.js';
import type { ActuateAnswer, ClusterActuator } from '../ports/cluster-actuator.js';
import type { ClusterReader, ListRequest } from '../ports/cluster-reader.js';
import { cleanup, verifyCleanup } from './cleanup.js';

interface Stored {
  readonly path: string;
  readonly name: string;
  readonly caseToken: string;
}

/** A cluster of labelled objects: lists by label, deletes by name; lists of `forbidden` are refused. */
function clusterOf(objects: Stored[], forbidden: readonly string[] = [], kept: readonly string[] = []) {
  const deleted: string[] = [];
  const entries: (PlannedAction | ActionEffect)[] = [];
  const reader = {
    facts: { server: 'https://cluster.example' },
    list: async ({ path, query = [] }: ListRequest, onPage: (page: { items: unknown[] }) => Promise<void>) => {
      if (forbidden.some((resource) => path.endsWith(`/${resource}`))) return { complete: false, reason: 'forbidden' };
      const selector = query.find(([name]) => name === 'labelSelector')?.[1] ?? '';
      const items = objects
        .filter((one) => one.path === path)
        .filter(({ caseToken }) => !selector.includes('=') || selector === `kubexhibit.dev/case=${caseToken}`)
        .map(({ name, caseToken }) => ({
          metadata: { name, namespace: 'ns', uid: `uid-${name}`, labels: { 'kubexhibit.dev/case': caseToken } },
        }));
      await onPage({ items });
      return { complete: true, reason: null };
    },
  } as unknown as ClusterReader;
  const actuator = {
    delete: ({ name }: { name: string }, { uid }: { uid: string }) => {
      deleted.push(`${name} ${uid}`);
      if (kept.includes(name))
        return Promise.resolve({ outcome: 'refused', auditId: 'a', refusal: { kind: 'forbidden', message: 'no' } });
      objects.splice(
        objects.findIndex((one) => one.name === name),
        1,
      );
      return Promise.resolve({ outcome: 'done', auditId: 'a' } as ActuateAnswer);
    },
  } as unknown as ClusterActuator;
  const record = {
    action: (action: PlannedAction) => Promise.resolve(void entries.push(action)),
    effect: (effect: ActionEffect) => Promise.resolve(void entries.push(effect)),
  };
  const deps = { reader, actuator, record, clock: systemClock, signal: new AbortController().signal };
  return { deps, deleted, entries };
}

const POD = { path: '/api/v1/pods', name: 'pod-1', caseToken: 'abc' };
const NAMESPACE = { path: '/api/v1/namespaces', name: 'exhibit-collector-abc', caseToken: 'abc' };
const OTHER = { path: '/api/v1/pods', name: 'pod-2', caseToken: 'xyz' };

describe('what is left of a case in a cluster', () => {
  it('is nothing only when every list was read', async () => {
    expect(await verifyCleanup({ caseToken: 'abc' }, clusterOf([OTHER]).deps)).toMatchObject({
      verdict: 'nothing-left',
    });
    const { deps } = clusterOf([], ['clusterroles']);
    expect(await verifyCleanup({ caseToken: 'abc' }, deps)).toMatchObject({
      verdict: 'unproven',
      unread: [{ resource: 'clusterroles', reason: 'forbidden' }],
    });
  });

  it('is found by its label, of one case or of all, and left alone', async () => {
    const { deps, deleted } = clusterOf([POD, NAMESPACE, OTHER]);
    const one = await verifyCleanup({ caseToken: 'abc' }, deps);
    expect(one.verdict).toBe('left');
    expect(one.left.map(({ name }) => name)).toEqual(['pod-1', 'exhibit-collector-abc']);
    expect((await verifyCleanup({ caseToken: null }, deps)).left).toHaveLength(3);
    expect(deleted).toEqual([]);
  });

  it('is removed by its uid, on record before and after, pods first', async () => {
    const { deps, deleted, entries } = clusterOf([NAMESPACE, POD, OTHER]);
    const { found } = await verifyCleanup({ caseToken: 'abc' }, deps);
    const summary = await cleanup({ caseToken: 'abc' }, found, deps);
    expect(summary).toMatchObject({ verdict: 'nothing-left', left: [], refused: [] });
    expect(summary.found).toHaveLength(2);
    expect(deleted).toEqual(['pod-1 uid-pod-1', 'exhibit-collector-abc uid-exhibit-collector-abc']);
    expect(entries.map(({ kind }) => kind)).toEqual([
      'remove-pods',
      'remove-pods',
      'remove-namespaces',
      'remove-namespaces',
    ]);
  });

  it('stays what it is when the cluster keeps it, with the reason', async () => {
    const { deps } = clusterOf([POD, NAMESPACE], [], ['pod-1']);
    const { found } = await verifyCleanup({ caseToken: 'abc' }, deps);
    expect(await cleanup({ caseToken: 'abc' }, found, deps)).toMatchObject({
      verdict: 'left',
      left: [{ name: 'pod-1' }],
      refused: [{ object: 'pods ns/pod-1', message: 'no' }],
    });
  });
});
