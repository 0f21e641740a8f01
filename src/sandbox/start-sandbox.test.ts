import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../lib/clock.js';
import { type Sandbox, startSandbox } from './start-sandbox.js';

let directory: string;
let sandbox: Sandbox | undefined;

beforeEach(() => {
  directory = path.join(mkdtempSync(path.join(os.tmpdir(), 'exhibit-sandbox-')), 'made');
});

afterEach(async () => {
  await sandbox?.stop();
  sandbox = undefined;
  rmSync(path.dirname(directory), { recursive: true, force: true });
});

async function ask(
  target: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: object; body: string }> {
  const ca = readFileSync(path.join(directory, 'ca.crt'));
  return await new Promise((resolve, reject) => {
    const request = https.get(
      (sandbox?.server ?? '') + target,
      { ca, headers, agent: new https.Agent() },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    request.on('error', reject);
  });
}

describe('startSandbox', () => {
  it('writes what a client needs, for the owner alone', async () => {
    sandbox = await startSandbox({ directory, clock: systemClock, ids: systemIds });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of ['kubeconfig', 'ca.crt', 'token'])
      expect(statSync(path.join(directory, name)).mode & 0o777).toBe(0o600);
    expect(sandbox.kubeconfigPath).toBe(path.join(directory, 'kubeconfig'));
    expect(sandbox.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });

  it('lets nobody in without certificate or token, and nobody with a wrong one', async () => {
    sandbox = await startSandbox({ directory, clock: systemClock, ids: systemIds });
    const token = readFileSync(path.join(directory, 'token'), 'utf8');
    expect((await ask('/version', {})).status).toBe(401);
    expect((await ask('/version', { Authorization: 'Bearer nope' })).status).toBe(401);
    expect((await ask('/version', { Authorization: `Bearer ${token}` })).status).toBe(200);
    expect(token).toMatch(/^[a-z][a-z2-9]{31}$/);
  });

  it("takes the caller's audit id, else makes one; the date is that of its clock", async () => {
    const nowMs = Date.UTC(2027, 0, 2, 3, 4, 5);
    const clock = { ...systemClock, nowMs: (): number => systemClock.nowMs() };
    sandbox = await startSandbox({ directory, clock, ids: { ...systemIds, uuid: () => 'made-here' } });
    clock.nowMs = () => nowMs;
    expect((await ask('/version', { 'Audit-ID': 'mine' })).headers).toMatchObject({
      'audit-id': 'mine',
      'date': 'Sat, 02 Jan 2027 03:04:05 GMT',
    });
    expect((await ask('/version', {})).headers).toMatchObject({ 'audit-id': 'made-here' });
    expect(sandbox.requests().map((request) => request.auditId)).toEqual(['mine', null]);
  });

  it('stops though an answer is under way, and is started twice without ado', async () => {
    const stalled = { kind: 'no-answer', path: /./ } as const;
    sandbox = await startSandbox({ directory, faults: [stalled], clock: systemClock, ids: systemIds });
    const lost = ask('/version', {}).catch((error: unknown) => error);
    while (sandbox.requests().length === 0) await new Promise((resolve) => setImmediate(resolve));
    const other = await startSandbox({ directory: path.join(directory, 'other'), clock: systemClock, ids: systemIds });
    expect(other.server).not.toBe(sandbox.server);
    await other.stop();
    await sandbox.stop();
    sandbox = undefined;
    expect(await lost).toBeInstanceOf(Error);
  });

  it('says which scenario it does not have', async () => {
    await expect(startSandbox({ directory, scenario: 'nope', clock: systemClock, ids: systemIds })).rejects.toThrow(
      'no scenario nope',
    );
  });
});
