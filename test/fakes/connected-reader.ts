import { connectCluster, type ConnectDeps } from '../../src/cluster/connect.js';
import { emptyCluster } from '../../src/cluster/kubeconfig-file.js';
import type { ResolvedConnection } from '../../src/cluster/resolved-connection.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { MessageCode } from '../../src/model/message.js';
import type { ClusterReader } from '../../src/ports/cluster-reader.js';
import type { RequestEnd, RequestStart } from '../../src/ports/request-log.js';

export interface LoggedCall {
  readonly start: RequestStart;
  end: RequestEnd | null;
}

export interface ConnectedReader {
  readonly reader: ClusterReader;
  readonly log: LoggedCall[];
  readonly messages: { code: MessageCode; text: string }[];
  /** What would have been waited, milliseconds. */
  readonly pauses: number[];
}

export function connectionTo(port: number, rest: Partial<ResolvedConnection> = {}): ResolvedConnection {
  return {
    facts: {
      server: `https://localhost:${String(port)}`,
      context: 'x',
      cluster: 'c',
      user: 'u',
      credential: 'token',
      proxy: null,
      tlsServerName: null,
      insecure: false,
      impersonated: null,
      kubeconfigFiles: [],
    },
    protocol: 'https:',
    host: 'localhost',
    port,
    basePath: '',
    ca: null,
    serverName: null,
    insecure: false,
    proxy: null,
    user: { certificate: null, key: null, token: 's3cret', tokenFile: null, basic: null, exec: null },
    impersonation: [],
    requestTimeoutMs: null,
    cluster: emptyCluster(),
    environment: {},
    ...rest,
  };
}

/** A reader whose waiting is recorded and not done. */
export function connectReader(connection: ResolvedConnection, rest: Partial<ConnectDeps> = {}): ConnectedReader {
  const log: LoggedCall[] = [];
  const messages: ConnectedReader['messages'] = [];
  const pauses: number[] = [];
  const reader = connectCluster(connection, {
    clock: systemClock,
    ids: systemIds,
    userAgent: 'test-agent',
    requestLog: {
      begin: (start) => log.push({ start, end: null }),
      end: (seq, end) => {
        const call = log[seq - 1];
        if (call !== undefined) call.end = end;
      },
    },
    io: {
      emit: (code, text) => {
        messages.push({ code, text });
      },
      progress: () => undefined,
    },
    pause: (delayMs) => {
      pauses.push(delayMs);
      return new Promise((resolve) => {
        setImmediate(resolve);
      });
    },
    ...rest,
  });
  return { reader, log, messages, pauses };
}
