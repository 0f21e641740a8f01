/** The contract of the cluster reader over the sandbox. test/lab runs the same over a real cluster. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeReaderContract } from './cluster-reader-contract.js';
import { openReader, readAll } from './cluster-reader-harness.js';
import { openSandbox, type SandboxUnderTest } from './sandbox-client.js';

describe('cluster reader over the sandbox', () => {
  let sandbox: SandboxUnderTest;
  beforeAll(async () => (sandbox = await openSandbox()));
  afterAll(async () => await sandbox.stop());

  describe('contract', () => {
    describeReaderContract(async () => await Promise.resolve(sandbox.kubeconfigPath));
  });

  it('has in its log exactly the calls that the server saw', async () => {
    const mine = await openSandbox();
    const { reader, calls } = await openReader(mine.kubeconfigPath);
    await readAll(reader, { path: '/api/v1/pods', pageSize: 3 });
    await reader.get({ path: '/version', kind: 'small' });
    await reader.close();
    const seen = mine.requests();
    await mine.stop();
    expect(seen.map((request) => request.auditId)).toEqual(calls.map((call) => call.start.auditIdSent));
    expect(seen.map((request) => mine.server + request.target)).toEqual(calls.map((call) => call.start.url));
    expect(seen.map((request) => request.status)).toEqual(calls.map((call) => call.end?.status));
    expect(seen.length).toBeGreaterThan(4);
    // One connection for calls that follow each other.
    expect(new Set(seen.map((request) => request.connection)).size).toBe(1);
  });

  it('comes in by a token from a file as well', async () => {
    const { reader } = await openReader(sandbox.kubeconfigPath, { context: 'sandbox-token' });
    const answer = await reader.get({ path: '/version', kind: 'small' });
    await reader.close();
    expect(reader.facts.credential).toBe('token-file');
    expect(answer.status).toBe(200);
  });

  it('is told that it may not impersonate', async () => {
    const { reader } = await openReader(sandbox.kubeconfigPath, { as: 'viewer' });
    const { end } = await readAll(reader, { path: '/api/v1/pods' });
    await reader.close();
    expect(end).toMatchObject({ complete: false, reason: 'forbidden', status: 403 });
    expect(end.detail).toContain('cannot impersonate resource');
  });
});
