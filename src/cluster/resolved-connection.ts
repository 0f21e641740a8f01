import type { ProxyEndpoint } from '../http/http-exchange-types.js';
import type { ConnectionFacts } from '../model/connection.js';
import type { ClusterEntry, ExecEntry } from './kubeconfig-file.js';

/** All variables of the process: credential plugins inherit them. Read are `KUBECONFIG`, `HOME`, the proxy ones, `KUBERNETES_SERVICE_*`. */
export type KubeEnvironment = Readonly<Record<string, string | undefined>>;

/** Inline bytes win over the file. */
export interface PemSource {
  readonly data: Buffer | null;
  readonly file: string | null;
}

/** What the user entry offers. Secrets. */
export interface ResolvedUser {
  readonly certificate: PemSource | null;
  readonly key: PemSource | null;
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly basic: { readonly username: string; readonly password: string } | null;
  readonly exec: ExecEntry | null;
}

/** Everything that is needed to connect. Holds secrets: only `facts` may be shown or recorded. */
export interface ResolvedConnection {
  readonly facts: ConnectionFacts;
  readonly protocol: 'http:' | 'https:';
  readonly host: string;
  readonly port: number;
  /** Path before every API path, without trailing slash; mostly empty. */
  readonly basePath: string;
  readonly ca: Buffer | null;
  readonly serverName: string | null;
  readonly insecure: boolean;
  readonly proxy: ProxyEndpoint | null;
  readonly user: ResolvedUser;
  readonly impersonation: readonly (readonly [string, string])[];
  readonly requestTimeoutMs: number | null;
  /** For credential plugins. */
  readonly cluster: ClusterEntry;
  readonly environment: KubeEnvironment;
}
