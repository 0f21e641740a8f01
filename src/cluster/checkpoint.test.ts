import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openActuator } from '../../test/conformance/actuator-harness.js';

const CONTAINER = { node: 'node-1', namespace: 'shop', pod: 'web.1', container: 'app' };
const PATH = '/var/lib/kubelet/checkpoints/checkpoint-web.1_shop-app-1.tar';

let folder: string;
let server: Server;
let asked: string[];
let answer: { status: number; body: string; type: string };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-checkpoint-call-'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function checkpoint(status: number, body: string, more: object = {}) {
  answer = { status, body, type: body.startsWith('{') ? 'application/json' : 'text/plain' };
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = { server: `http://127.0.0.1:${String(port)}` };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': [{ name: 'c', cluster }],
      'users': [{ name: 'u', user: {} }],
      'contexts': [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const { actuator } = await openActuator(kubeconfig);
  try {
    return await actuator.checkpoint({ ...CONTAINER, ...more }, { timeoutSeconds: 7 });
  } finally {
    actuator.close();
  }
}

describe('a checkpoint through the proxy of the API server', () => {
  it('is asked for once, and done when the kubelet names a file', async () => {
    expect(await checkpoint(200, JSON.stringify({ items: [PATH] }))).toMatchObject({
      outcome: 'done',
      attempts: 1,
      object: { items: [PATH] },
    });
    expect(asked).toEqual(['POST /api/v1/nodes/node-1/proxy/checkpoint/shop/web.1/app?timeout=7']);
  });

  it('is unknown when the runtime failed or the answer names nothing: a file may be there all the same', async () => {
    const words = 'checkpointing of shop/web.1/app failed (rpc error: code = Unknown desc = CRIU binary not found)';
    expect(await checkpoint(500, words)).toMatchObject({
      outcome: 'unknown',
      attempts: 1,
      detail: expect.stringContaining('CRIU binary not found') as unknown,
    });
    for (const body of ['{"items":[]}', '{}', 'done'])
      expect(await checkpoint(200, body)).toMatchObject({ outcome: 'unknown' });
    expect(asked).toHaveLength(4);
  });

  it('is refused by who lacks the right, and by a kubelet that does not know it', async () => {
    const message = 'nodes "node-1" is forbidden: User "eve" cannot create resource "nodes/proxy" in API group ""';
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message };
    expect(await checkpoint(403, JSON.stringify(status))).toMatchObject({
      outcome: 'refused',
      refusal: { kind: 'forbidden', right: { verb: 'create', resource: 'nodes/proxy', name: 'node-1' } },
    });
    expect(await checkpoint(404, '404 page not found')).toMatchObject({ outcome: 'refused', status: 404 });
  });

  it('goes nowhere else, whatever a name says', async () => {
    for (const pod of ['../exec', '..', 'a/b', 'a?b', ''])
      await expect(checkpoint(200, '{}', { pod })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(asked).toEqual([]);
  });
});
