import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Desk, openLaboratory, workloads } from './laboratory.js';
import type { Laboratory } from './laboratory.js';

const external = process.env['LAB_EXTERNAL'] === '1';

interface Collected {
  readonly gaps: {
    readonly artifact: string;
    readonly outcome: string;
    readonly reason: string;
    readonly detail: string;
  }[];
  readonly outcomes: Record<string, number>;
}

/** A kubelet that accepts connections and says nothing: stopped by a signal, let go on afterwards. */
describe.skipIf(external)(
  'a node that answers nothing (skipped outside this machine: no kubelet of ours to stop)',
  () => {
    let laboratory: Laboratory;
    let desk: Desk;
    let kubelet: number;

    beforeAll(async () => {
      laboratory = await openLaboratory();
      await workloads('apply', 'quiet');
      desk = await Desk.open(laboratory.kubeconfig);
      kubelet = Number.parseInt(await readFile(join(dirname(laboratory.kubeconfig), 'pids/kubelet-node2'), 'utf8'), 10);
    });

    afterEach(() => {
      process.kill(kubelet, 'SIGCONT');
    });

    afterAll(async () => {
      await desk.close();
    });

    it('costs its own artifacts and nothing else', async () => {
      process.kill(kubelet, 'SIGSTOP');
      const nodes = laboratory.nodes.flatMap((node) => ['--node', node]);
      const { exitCode, result } = await desk.json<Collected>([
        'collect',
        ...nodes,
        '--profile',
        'full',
        '--kubelet',
        '--idle-timeout',
        '3s',
      ]);
      process.kill(kubelet, 'SIGCONT');
      expect(exitCode).toBe(3);
      expect(result.gaps.length).toBeGreaterThan(0);
      const elsewhere = result.gaps.filter(
        (gap) => !gap.artifact.startsWith('pod-logs/') && !gap.artifact.includes('/node2/'),
      );
      expect(elsewhere).toEqual([]);
      expect(new Set(result.gaps.map((gap) => gap.outcome))).toEqual(new Set(['failed']));
      expect(result.outcomes['collected']).toBeGreaterThan(50);
      const seal = await desk.json<{ report: { verdict: string } }>(['seal']);
      expect({ exitCode: seal.exitCode, verdict: seal.result.report.verdict }).toEqual({
        exitCode: 3,
        verdict: 'VERIFIED_PARTIAL',
      });
    });
  },
);
