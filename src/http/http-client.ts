import type { Clock } from '../ports/clock.js';
import { HttpExchange } from './http-exchange.js';
import type { HttpEndpoint, HttpReceiver, HttpRequest, HttpResult } from './http-exchange-types.js';
import { PooledAgent } from './pooled-agent.js';

/**
 * HTTP/1.1 to one endpoint over kept connections. Never follows a redirect, never decompresses, never retries. Safe for concurrent use;
 * what exceeds `maxConnections` waits, and its time limits begin when it has a connection.
 */
export interface HttpClient {
  /** Never throws: what went wrong is in the result. */
  exchange(request: HttpRequest, receiver: HttpReceiver): Promise<HttpResult>;
  /** Lets running exchanges finish and keeps no connection afterwards. */
  retire(): void;
  /** Ends all connections, running exchanges included. */
  close(): void;
}

export function createHttpClient(endpoint: HttpEndpoint, clock: Clock): HttpClient {
  const agent = new PooledAgent(endpoint);
  return {
    exchange: (request, receiver) => new HttpExchange({ endpoint, agent, clock, request, receiver }).run(),
    retire: () => {
      agent.retire();
    },
    close: () => {
      agent.destroy();
    },
  };
}
