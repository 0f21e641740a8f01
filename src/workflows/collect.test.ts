import { expect, it } from 'vitest';
import { NEW_CASE, OPENING, quietIo, temporaryStore } from '../../test/fakes/evidence-case.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { NO_SSH } from '../model/node-settings.js';
import type { Collector } from '../ports/collector.js';
import { collect } from './collect.js';

const ofKubelets: Collector = {
  id: 'kubelet-things',
  title: '',
  doc: '',
  volatility: 'V0',
  tags: [],
  needsKubelet: true,
  needs: [],
  permissions: [],
  plan: async function* () {
    yield* await Promise.resolve([]);
  },
  collect: async () => await Promise.reject(new Error('nothing is planned')),
};

it('opens no exhibit where nothing of the profile can be read in the way that was asked for', async () => {
  const { store } = temporaryStore();
  const { caseId } = await store.create(NEW_CASE);
  const collecting = collect(
    {
      scope: { all: true, nodes: [], pods: [], namespaces: [] },
      kubelet: false,
      nodeAccess: [],
      nodeRateBytesPerSecond: null,
      ssh: NO_SSH,
      collectorPod: null,
      withoutCluster: null,
      profileName: 'mine',
      collectors: ['kubelet-things'],
      profileText: '',
      configText: '',
      kind: 'incident',
      limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1000 },
    },
    {
      clock: systemClock,
      ids: systemIds,
      io: quietIo,
      store,
      caseId,
      tool: OPENING.tool,
      os: { user: 'tester', host: 'bench' },
      collectors: [ofKubelets],
      connect: () => Promise.reject(new Error('nothing is asked of the cluster')),
      signal: new AbortController().signal,
    },
  );
  await expect(collecting).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: expect.stringContaining('kubelet-things') as string,
  });
  const again = await store.open(caseId);
  expect(await again.exhibit()).toBeNull();
  await again.release();
});
