/** The contract of the actuator over the sandbox. test/lab runs the same over a real API server. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeActuatorContract } from './actuator-contract.js';
import { EVERYTHING } from './actuator-harness.js';
import { openSandbox, type SandboxUnderTest } from './sandbox-client.js';

describe('actuator over the sandbox', () => {
  let sandbox: SandboxUnderTest;
  let readOnly: SandboxUnderTest;
  beforeAll(async () => {
    sandbox = await openSandbox({ rules: EVERYTHING });
    readOnly = await openSandbox();
  });
  afterAll(async () => {
    await sandbox.stop();
    await readOnly.stop();
  });

  describeActuatorContract(async () => {
    const { kubeconfigPath: kubeconfig } = sandbox;
    return await Promise.resolve({ kubeconfig, forbidden: readOnly.kubeconfigPath, image: 'test.local/box:1' });
  });
});
