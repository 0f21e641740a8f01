/** The contract of the actuator over a real API server; test/conformance runs the same over the sandbox. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeActuatorContract } from '../conformance/actuator-contract.js';
import { type ActuatorUnderTest, openActuator } from '../conformance/actuator-harness.js';
import { deleteNamespaces, kubectl, type Laboratory, openLaboratory } from './laboratory.js';

const IMAGE = 'docker.io/library/busybox:1.36';

describe('actuator over the lab', () => {
  describe('contract', () => {
    describeActuatorContract(async () => {
      const { kubeconfig, settings } = await openLaboratory();
      const forbidden = settings['LAB_RESPONDER_KUBECONFIG'] ?? '';
      return { kubeconfig, forbidden, image: settings['LAB_IMAGE'] ?? IMAGE };
    });
  });

  describe('admissions', () => {
    const namespace = `exhibit-admission-${process.pid}`;
    let laboratory: Laboratory;
    let under: ActuatorUnderTest;
    beforeAll(async () => {
      laboratory = await openLaboratory();
      under = await openActuator(laboratory.kubeconfig);
      await kubectl(laboratory, ['create', 'namespace', namespace]);
      await kubectl(laboratory, ['create', 'quota', 'none', '-n', namespace, '--hard=configmaps=0']);
    });
    afterAll(async () => {
      under.actuator.close();
      await deleteNamespaces(laboratory, namespace);
    });

    const podSecurity = async (mode: string, level: string): Promise<void> => {
      const labels = ['enforce=privileged', 'warn=privileged', `${mode}=${level}`];
      for (const label of labels)
        await kubectl(laboratory, [
          'label',
          'namespace',
          namespace,
          `pod-security.kubernetes.io/${label}`,
          '--overwrite',
        ]);
    };

    it('are told from a missing right, word by word', async () => {
      await podSecurity('enforce', 'restricted');
      const pods = { group: '', version: 'v1', resource: 'pods', namespace };
      const spec = { hostPID: true, containers: [{ name: 'a', image: IMAGE }] };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec };
      const unsafe = await under.actuator.create(pods, pod);
      expect(unsafe).toMatchObject({
        outcome: 'refused',
        status: 403,
        refusal: { kind: 'admission', reason: 'Forbidden' },
      });
      expect(unsafe.outcome === 'refused' && unsafe.refusal.message).toMatch(
        /^pods "a" is forbidden: violates PodSecurity "restricted:latest": host namespaces \(hostPID=true\), /,
      );
      const maps = { ...pods, resource: 'configmaps' };
      const tooMany = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
      await expect
        .poll(async () => await under.actuator.create(maps, tooMany, { dryRun: true }), { timeout: 10_000 })
        .toMatchObject({ outcome: 'refused', status: 403, refusal: { kind: 'admission' } });
    });

    it('are asked in a dry run as well, and their warnings are kept', async () => {
      await podSecurity('warn', 'restricted');
      const pods = { group: '', version: 'v1', resource: 'pods', namespace };
      const spec = { hostPID: true, containers: [{ name: 'a', image: IMAGE }] };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec };
      const answer = await under.actuator.create(pods, pod, { dryRun: true });
      expect(answer.outcome).toBe('done');
      expect(answer.warnings.join('\n')).toContain('would violate PodSecurity "restricted:latest"');
    });
  });

  it('evicts nothing that a disruption budget protects, and does not wait for it', async () => {
    const laboratory = await openLaboratory();
    const { actuator, calls } = await openActuator(laboratory.kubeconfig);
    const name = `exhibit-budget-${process.pid}`;
    const image = `--image=${laboratory.settings['LAB_IMAGE'] ?? IMAGE}`;
    const options = ['--restart=Never', '--image-pull-policy=IfNotPresent', `--labels=app=${name}`];
    await kubectl(laboratory, ['run', name, ...options, image, '--command', '--', 'sleep', '1000']);
    try {
      await kubectl(laboratory, ['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s']);
      await kubectl(laboratory, ['create', 'pdb', name, `--selector=app=${name}`, '--min-available=1']);
      const evict = async () => await actuator.evict({ namespace: 'default', name }, { uid: null, dryRun: true });
      await expect.poll(evict, { timeout: 20_000 }).toMatchObject({
        outcome: 'refused',
        status: 429,
        attempts: 1,
        refusal: { kind: 'disruption-budget', reason: 'TooManyRequests' },
      });
      expect(calls.every((call) => call.end?.status === 429)).toBe(true);
    } finally {
      await kubectl(laboratory, ['delete', 'pdb', name, '--ignore-not-found']);
      await kubectl(laboratory, ['delete', 'pod', name, '--grace-period=0', '--force']);
      actuator.close();
    }
  });
});
