import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { openExecSocket } from './exec-handshake.js';

const TIMEOUT_MS = 98_765;

afterEach(() => {
  vi.restoreAllMocks();
});

it('lets go of a connection that comes after it was given up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const endpoint = {
    ...{ protocol: 'http:' as const, host: '127.0.0.1', port, serverName: null, insecure: false, ca: null },
    ...{ clientCertificate: null, proxy: null, connectTimeoutMs: 10_000, maxConnections: 1 },
  };
  const url = `http://127.0.0.1:${String(port)}/exec`;
  const asked = { endpoint, url, headers: [], timeoutMs: TIMEOUT_MS, signal: AbortSignal.abort() };
  expect(await openExecSocket(asked)).toMatchObject({ kind: 'failed', failure: { step: 'aborted' } });
  const [socket] = await connected;
  socket.on('error', () => undefined).resume();
  if (!socket.closed) await once(socket, 'close');
  expect(timers.mock.calls.filter(([, delayMs]) => delayMs === TIMEOUT_MS)).toEqual([]);
  server.close();
});
