/** The contract of exec over the sandbox. test/lab runs the same over a real API server and kubelet. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeExecContract } from './exec-contract.js';
import { openSandbox, type SandboxUnderTest } from './sandbox-client.js';

describe('exec over the sandbox', () => {
  let sandbox: SandboxUnderTest;
  beforeAll(async () => (sandbox = await openSandbox()));
  afterAll(async () => await sandbox.stop());

  describe('contract', () => {
    let denied: SandboxUnderTest;
    afterAll(async () => await denied.stop());
    describeExecContract(async () => {
      const readPods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
      denied = await openSandbox({ rules: { resourceRules: [readPods], nonResourceRules: [] } });
      return { kubeconfig: sandbox.kubeconfigPath, forbidden: denied.kubeconfigPath };
    });
  });
});
