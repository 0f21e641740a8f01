/** The contract of the cluster reader over a real cluster; test/conformance runs the same over the sandbox. */
import { describe } from 'vitest';
import { describeReaderContract } from '../conformance/cluster-reader-contract.js';
import { openLaboratory, workloads } from './laboratory.js';

describe('cluster reader over the lab', () => {
  describeReaderContract(async () => {
    const laboratory = await openLaboratory();
    await workloads('apply', 'quiet');
    return laboratory.settings['LAB_RESPONDER_KUBECONFIG'] ?? laboratory.kubeconfig;
  });
});
