/** Tests that need no network must not have one: a connection to anything but this machine throws. */
import net from 'node:net';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;

interface Destination {
  readonly host?: string;
  readonly path?: string;
}

// `connect` takes (options), (port, host) or (path), each also as one normalised array; only the host matters here.
function hostOf(args: readonly unknown[]): string | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) return (first as Destination).host;
  return typeof second === 'string' ? second : undefined;
}

const connect = Reflect.get(net.Socket.prototype, 'connect') as (this: net.Socket, ...args: unknown[]) => net.Socket;

Reflect.set(net.Socket.prototype, 'connect', function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
  const host = hostOf(args);
  if (host !== undefined && !LOOPBACK.test(host)) throw new Error(`a test without network tried to reach ${host}`);
  return connect.apply(this, args);
});
