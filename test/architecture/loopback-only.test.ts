import net from 'node:net';
import { describe, expect, it } from 'vitest';
import '../setup/loopback-only.js';

describe('the guard that keeps unit tests off the network', () => {
  it('refuses every other machine, by name and by address', () => {
    expect(() => net.connect(80, '192.0.2.1')).toThrow('192.0.2.1');
    expect(() => net.connect({ host: 'example.org', port: 443 })).toThrow('example.org');
  });

  it('lets a connection to this machine through', async () => {
    const server = net.createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const text = await new Promise<string>((resolve, reject) => {
      net
        .connect(port, '127.0.0.1')
        .on('data', (bytes) => resolve(bytes.toString()))
        .on('error', reject);
    });
    server.close();
    expect(text).toBe('hello');
  });
});
