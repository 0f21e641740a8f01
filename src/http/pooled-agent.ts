import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { HttpEndpoint } from './http-exchange-types.js';
import { openConnection } from './open-connection.js';

/**
 * Keeps connections of one endpoint. node:https instead of undici: 1 GiB over TLS with SHA-256 took 1.6 s of CPU and 88 MiB with it, 1.8 s
 * and 125 MiB with undici's lowest-level handler, which copies each chunk into its WebAssembly parser.
 */
export class PooledAgent extends Agent {
  readonly #endpoint: HttpEndpoint;
  readonly #onStray = new WeakMap<Duplex, () => void>();

  constructor(endpoint: HttpEndpoint) {
    super({
      keepAlive: true,
      maxSockets: endpoint.maxConnections,
      maxFreeSockets: endpoint.maxConnections,
      scheduling: 'lifo',
    });
    this.#endpoint = endpoint;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    openConnection(this.#endpoint).then(
      (socket) => callback?.(null, socket),
      // The callback's type knows no call without a stream, the agent's code does.
      (error: unknown) => (callback as ((error: unknown) => void) | undefined)?.(error),
    );
    return undefined;
  }

  /** Bytes that nobody asked for would be taken for the next answer: a connection that has some is given up. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (socket.readableLength > 0) return false;
    const onStray = (): void => {
      socket.destroy();
    };
    this.#onStray.set(socket, onStray);
    socket.on('data', onStray);
    super.keepSocketAlive(socket);
    return true;
  }

  override reuseSocket(socket: Duplex, request: Parameters<Agent['reuseSocket']>[1]): void {
    const onStray = this.#onStray.get(socket);
    if (onStray !== undefined) socket.off('data', onStray);
    super.reuseSocket(socket, request);
  }

  /** Lets running exchanges finish and keeps nothing afterwards. */
  retire(): void {
    this.maxFreeSockets = 0;
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}
