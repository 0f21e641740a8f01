/** The contract of exec over a real API server and kubelet; test/conformance runs the same over the sandbox. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeExecContract } from '../conformance/exec-contract.js';
import { type ExecUnderTest, openExec, runCommand } from '../conformance/exec-harness.js';
import { kubectl, type Laboratory, openLaboratory, workloads } from './laboratory.js';

/** Standard output goes to us and through a pipe to sha256sum, whose word comes on standard error. */
const FAR_DIGEST =
  'exec 3>&1; { head -c 209715200 /dev/urandom | { tee /dev/fd/5 >&3; }; } 5>&1 | sha256sum | cut -d" " -f1 >&2';

describe('exec over the lab', () => {
  describe('contract', () => {
    describeExecContract(async () => {
      const laboratory = await openLaboratory();
      await workloads('apply', 'quiet');
      return { kubeconfig: laboratory.kubeconfig, forbidden: laboratory.settings['LAB_VIEWER_KUBECONFIG'] ?? '' };
    });
  });

  describe('streams', () => {
    let laboratory: Laboratory;
    let under: ExecUnderTest;
    beforeAll(async () => {
      laboratory = await openLaboratory();
      await workloads('apply', 'quiet');
      under = await openExec(laboratory.kubeconfig);
    });
    afterAll(() => under.exec.close());

    it('brings 200 MB whose digest is that of the far side, with memory that does not grow', async () => {
      const hash = createHash('sha256');
      let most = 0;
      const before = process.memoryUsage().rss;
      const { end, stderr } = await runCommand(under.exec, {
        argv: ['sh', '-c', FAR_DIGEST],
        stdout: (chunk) => {
          hash.update(chunk);
          most = Math.max(most, process.memoryUsage().rss);
        },
      });
      expect(end).toMatchObject({ end: 'complete', stdoutBytes: 209_715_200 });
      expect(stderr.toString().trim()).toBe(hash.digest('hex'));
      expect(most - before).toBeLessThan(150 * 1024 * 1024);
    });

    it('holds the far side back while the consumer has no time', async () => {
      let most = 0;
      let total = 0;
      const before = process.memoryUsage().rss;
      const { end } = await runCommand(under.exec, {
        argv: ['sh', '-c', 'head -c 67108864 /dev/zero'],
        stdout: async (chunk) => {
          total += chunk.length;
          if (total < 8 * 1024 * 1024) await pause(2);
          most = Math.max(most, process.memoryUsage().rss);
        },
      });
      expect(end).toMatchObject({ end: 'complete', exitCode: 0, stdoutBytes: 67_108_864 });
      expect(most - before).toBeLessThan(60 * 1024 * 1024);
    });

    it('says that a stream was cut when the container is gone in the middle', async () => {
      const spare = ['run', 'exec-doomed', '-n', 'default', '--restart=Never', '--image-pull-policy=IfNotPresent'];
      const image = `--image=${laboratory.settings['LAB_IMAGE'] ?? 'docker.io/library/busybox:1.36'}`;
      await kubectl(laboratory, [...spare, image, '--command', '--', 'sleep', '1000']);
      await kubectl(laboratory, ['wait', '-n', 'default', '--for=condition=Ready', 'pod/exec-doomed', '--timeout=60s']);
      let deleted: Promise<string> | undefined;
      const remove = ['delete', 'pod', '-n', 'default', 'exec-doomed', '--grace-period=0', '--force'];
      const { end } = await runCommand(under.exec, {
        namespace: 'default',
        pod: 'exec-doomed',
        container: 'exec-doomed',
        argv: ['sh', '-c', 'while :; do echo still here; sleep 0.1; done'],
        stdout: () => {
          deleted ??= kubectl(laboratory, remove);
        },
      });
      await deleted;
      // The kubelet tells a killed program as it tells any other; what never comes is success.
      expect(end.exitCode).not.toBe(0);
      expect(end.stdoutBytes).toBeGreaterThan(0);
    });

    it('ends a silent program after its idle time, and one that was interrupted at once', async () => {
      const silent = await runCommand(under.exec, { argv: ['sleep', '1000'], idleTimeoutMs: 1000 });
      expect(silent.end).toMatchObject({ end: 'timeout', exitCode: null, detail: 'silent for 1000 ms' });
      const abort = new AbortController();
      const stopped = await runCommand(under.exec, {
        argv: ['sh', '-c', 'echo begun; sleep 1000'],
        stdout: () => abort.abort(),
        signal: abort.signal,
      });
      expect(stopped.end).toMatchObject({ end: 'aborted', stdoutBytes: 6 });
    });

    it.skipIf(process.env['LAB_EXTERNAL'] === '1')(
      'is in the audit log of the server under our audit id (lab only: an external cluster shows no audit log)',
      async () => {
        const { end } = await runCommand(under.exec, {});
        const audit = async (): Promise<string> => await readFile(laboratory.settings['LAB_AUDIT_LOG'] ?? '', 'utf8');
        await expect.poll(audit, { timeout: 10_000 }).toContain(end.auditId);
      },
    );
  });
});
