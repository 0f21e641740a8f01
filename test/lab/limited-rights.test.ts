import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifyReport } from '../../src/model/verdict.js';
import { Desk, openLaboratory, workloads } from './laboratory.js';
import type { Laboratory } from './laboratory.js';

interface Gap {
  readonly artifact: string;
  readonly outcome: string;
  readonly reason: string;
}

const external = process.env['LAB_EXTERNAL'] === '1';

/** An identity that may read everything but Secrets and nodes/proxy. */
describe.skipIf(external)(
  'an identity with a right too few (skipped outside this machine: it needs the identities of the lab)',
  () => {
    let laboratory: Laboratory;
    let desk: Desk;

    beforeAll(async () => {
      laboratory = await openLaboratory();
      await workloads('apply', 'quiet');
      desk = await Desk.open(laboratory.settings['LAB_VIEWER_KUBECONFIG'] ?? '');
    });

    afterAll(async () => {
      await desk.close();
    });

    it('is shown before anything is read which rights are missing', async () => {
      const plan = await desk.json<{ rights: { verb: string; resource: string; allowed: boolean }[] }>([
        'collect',
        '--namespace',
        'exhibit-quiet',
        '--profile',
        'full',
        '--kubelet',
        '--dry-run',
      ]);
      const missing = plan.result.rights
        .filter((right) => !right.allowed)
        .map((right) => `${right.verb} ${right.resource}`);
      expect(plan.exitCode).toBe(0);
      expect(missing).toContain('get nodes/proxy');
    });

    it('gets everything else, the ledger says denied, and the archive verifies', async () => {
      const collected = await desk.json<{ gaps: Gap[] }>([
        'collect',
        '--namespace',
        'exhibit-quiet',
        '--profile',
        'full',
      ]);
      expect(collected.exitCode).toBe(3);
      expect(collected.result.gaps.map(({ artifact, outcome, reason }) => ({ artifact, outcome, reason }))).toEqual([
        { artifact: 'objects/core.v1.secrets/exhibit-quiet', outcome: 'denied', reason: 'forbidden' },
        { artifact: 'objects/core.v1.secrets/kube-system', outcome: 'denied', reason: 'forbidden' },
      ]);
      const seal = await desk.json<{ archivePath: string }>(['seal']);
      const { exitCode, result } = await desk.json<VerifyReport>(['verify', seal.result.archivePath]);
      expect({ exitCode, verdict: result.verdict }).toEqual({ exitCode: 0, verdict: 'VERIFIED_PARTIAL' });
    });
  },
);
