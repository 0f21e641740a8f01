/** kubectl's global flags, as far as we know them; what is not set is left out. Times in milliseconds, paths relative to the working directory. */
export interface KubeGlobals {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly as?: string;
  readonly asUid?: string;
  readonly asGroups?: readonly string[];
  readonly asUserExtra?: Readonly<Record<string, readonly string[]>>;
  /** Above 0: replaces the default silence limits of every call. */
  readonly requestTimeoutMs?: number;
  readonly insecureSkipTlsVerify?: boolean;
  readonly server?: string;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}
