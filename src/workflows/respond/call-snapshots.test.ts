import { describe, expect, it } from 'vitest';
import { NEW_CASE, quietIo, temporaryStore } from '../../../test/fakes/evidence-case.js';
import { ACCOUNT, MemorySnapshots, REGION } from '../../../test/fakes/memory-snapshots.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { Platform } from '../../ports/platform.js';
import { openContainmentRecord } from '../quarantine/containment-record.js';
import type { PreparedQuarantine } from '../quarantine/prepare-quarantine.js';
import { callSnapshots } from './call-snapshots.js';

const VOLUMES: Readonly<Record<string, string>> = { one: 'vol-0000000000000000a', two: 'vol-0000000000000000b' };

const reader = {
  get: ({ path }: { readonly path: string }) => {
    const metadata = { name: path.split('/').at(-1), uid: 'u' };
    const body = Buffer.from(JSON.stringify({ kind: 'Node', metadata, spec: {}, status: {} }));
    return Promise.resolve({ status: 200, end: 'complete', body });
  },
  list: () => Promise.reject(new ExhibitError('CLUSTER_FORBIDDEN', 'may not')),
} as unknown as ClusterReader;

function instanceOf(node: string) {
  const volume = { id: VOLUMES[node] ?? '', deviceName: '/dev/xvda', sizeBytes: 1024 ** 3, isRoot: true, tags: {} };
  const disk = { ...volume, isEncrypted: false, kmsKeyId: null, deleteOnTermination: false };
  return { account: ACCOUNT, region: REGION, id: `i-${node}`, volumes: [disk], instanceStores: 0, gaps: [] };
}

/** Nodes `one` and `two`, the first of which is not had. */
async function call(error: ExhibitError, where: 'instance' | 'region') {
  const { store } = temporaryStore();
  const { caseId } = await store.create(NEW_CASE);
  const record = await openContainmentRecord({ store, caseId, clock: systemClock });
  const cloud = new MemorySnapshots();
  cloud.attached = [VOLUMES['two'] ?? ''];
  const platform = {
    instanceOf: ({ node }: { readonly node: string }) => {
      if (node === 'one' && where === 'instance') return Promise.reject(error);
      return Promise.resolve(node === 'one' ? { ...instanceOf(node), region: 'eu-west-1' } : instanceOf(node));
    },
  } as unknown as Platform;
  const nodes = ['one', 'two'].map((name) => ({ name, uid: 'u', object: {} }));
  try {
    const called = await callSnapshots({
      ...{ reader, platform, record, caseToken: caseId, clock: systemClock, ids: systemIds, io: quietIo },
      signal: new AbortController().signal,
      serviceOf: async (region) => await (region === REGION ? Promise.resolve(cloud) : Promise.reject(error)),
    })({ scene: { nodes } } as unknown as PreparedQuarantine);
    return { called, made: cloud.made.map(({ volume }) => volume) };
  } finally {
    await record.close();
  }
}

describe('the snapshots of a response', () => {
  it.each([
    ['whose machine the cloud does not know', 'TARGET_GONE', 'instance'],
    ['whose cloud does not answer', 'PLATFORM_UNREACHABLE', 'instance'],
    ['whose region does not answer', 'PLATFORM_UNREACHABLE', 'region'],
  ] as const)('are made of the other node than the one %s', async (_what, code, where) => {
    const { called, made } = await call(new ExhibitError(code, 'not there'), where);
    expect(called.failed).toContain(`node one: ${code}: not there`);
    expect(called.failed.some((text) => text.startsWith('node two'))).toBe(false);
    expect(made).toEqual([VOLUMES['two']]);
    expect(called.made).toEqual([expect.stringContaining(`of ${VOLUMES['two'] ?? ''}: `)]);
  });

  it('are none where the login is over', async () => {
    await expect(call(new ExhibitError('PLATFORM_UNAUTHENTICATED', 'expired'), 'instance')).rejects.toMatchObject({
      code: 'PLATFORM_UNAUTHENTICATED',
    });
  });
});
