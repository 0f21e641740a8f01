import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_SSH } from '../../model/node-settings.js';
import { askedOf, endedPhase, readRespondState, type RespondState, writeRespondState } from './respond-state.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-respond-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const STATE: RespondState = {
  format: 'exhibit-respond/1',
  exhibitId: 'k7m2p9-x0001',
  request: {
    ...{ target: 'node', names: ['worker-3'], suspects: ['shop/cart'], skip: ['taint'], maxNodes: 1, allowedNodes: [] },
    ...{
      level: 'hold',
      order: 'preserve-first',
      cloud: null,
      keepReachable: [],
      loseVolatile: [],
      containAfterMs: 300_000,
    },
    ...{ recheckAt: null, probe: [], probeAllowed: [], key: null, countersign: [], tsa: null, classification: null },
    collect: {
      scope: { all: false, nodes: ['worker-3'], pods: [], namespaces: [] },
      ...{ kubelet: false, nodeAccess: [], nodeRateBytesPerSecond: null, collectorPod: null, withoutCluster: null },
      ssh: NO_SSH,
      ...{ profileName: 'triage', collectors: [], profileText: '', configText: '', kind: 'incident' },
      limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1000 },
    },
  },
  uids: ['u1'],
  suspects: [{ namespace: 'shop', name: 'cart' }],
  confirmedAt: '2026-01-02T03:04:05.678Z',
  ...{ earlierRuns: 0, run: null, contained: null },
  phases: [
    {
      phase: 'vanishing',
      outcome: 'done',
      reason: '',
      startedAt: '2026-01-02T03:04:05.678Z',
      endedAt: '2026-01-02T03:04:06.000Z',
    },
    { phase: 'protect', outcome: null, reason: '', startedAt: '2026-01-02T03:04:06.000Z', endedAt: null },
  ],
};

describe('the state of a response', () => {
  it('is read as it was written, and is none where there was no response', async () => {
    expect(await readRespondState(directory)).toBeNull();
    await writeRespondState(directory, STATE);
    expect(await readRespondState(directory)).toEqual(STATE);
    expect(endedPhase(STATE, 'vanishing')).toMatchObject({ outcome: 'done' });
    expect(endedPhase(STATE, 'protect')).toBeNull();
    expect(endedPhase(STATE, 'seal')).toBeNull();
  });

  it.each(['', '{', '[]', '{"format":"exhibit-respond/2"}', JSON.stringify({ ...STATE, more: 1 })])(
    'is refused when it is damaged: %s',
    async (text) => {
      await writeFile(join(directory, 'respond.json'), text);
      await expect(readRespondState(directory)).rejects.toMatchObject({ code: 'CASE_CORRUPT' });
    },
  );

  it('says whether another command asks for the same', () => {
    const { request } = STATE;
    expect(askedOf({ ...request, containAfterMs: 0, key: 'team', loseVolatile: ['worker-3'] })).toBe(askedOf(request));
    for (const other of [
      { names: ['worker-4'] },
      { suspects: [] },
      { level: 'isolate' },
      { skip: [] },
      { keepReachable: ['10.0.0.0/16'] },
    ] as const)
      expect(askedOf({ ...request, ...other })).not.toBe(askedOf(request));
  });
});
