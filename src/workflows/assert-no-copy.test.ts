import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { newExhibit, OPENING, quietIo, temporaryStore } from '../../test/fakes/evidence-case.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { NO_SSH } from '../model/node-settings.js';
import type { Collector } from '../ports/collector.js';
import { collect } from './collect.js';

const ANYTHING: Collector = {
  id: 'anything',
  title: '',
  doc: '',
  volatility: 'V0',
  tags: [],
  needsKubelet: false,
  needs: [],
  permissions: [],
  plan: async function* () {
    yield* await Promise.resolve([]);
  },
  collect: async () => await Promise.reject(new Error('nothing is planned')),
};

it('a collection goes into no redacted copy that a killed run began', async () => {
  const { store, home } = temporaryStore();
  const { openCase, exhibit } = await newExhibit(store);
  const { caseId } = openCase.file;
  const derivedFrom = {
    exhibitId: 'case-abcd-x0001',
    tagmanifestSha256: 'a'.repeat(64),
    containerSha256: 'b'.repeat(64),
    redactions: 1,
  };
  await exhibit.writeOpening({ ...OPENING, derivedFrom });
  await openCase.release();
  const collecting = collect(
    {
      scope: { all: true, nodes: [], pods: [], namespaces: [] },
      kubelet: false,
      nodeAccess: [],
      nodeRateBytesPerSecond: null,
      ssh: NO_SSH,
      collectorPod: null,
      withoutCluster: null,
      profileName: 'triage',
      collectors: ['anything'],
      profileText: '',
      configText: '',
      kind: 'drill',
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
      collectors: [ANYTHING],
      connect: () => Promise.reject(new Error('nothing is asked of the cluster')),
      signal: new AbortController().signal,
    },
  );
  await expect(collecting).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: `exhibit ${caseId}-x0001 is a redacted copy of case-abcd-x0001 that was not finished`,
  });
  rmSync(home, { recursive: true });
});
