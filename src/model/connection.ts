/** Which cluster we talk to, as whom, how. No secret in it; goes into the custody log. */
export interface ConnectionFacts {
  readonly server: string;
  readonly context: string;
  readonly cluster: string;
  /** The kubeconfig's name of the user; `in-cluster` for a service account of the pod we run in. */
  readonly user: string;
  readonly credential: 'client-certificate' | 'token' | 'token-file' | 'exec-plugin' | 'basic' | 'none';
  readonly proxy: string | null;
  readonly tlsServerName: string | null;
  /** The certificate of the server is not checked. */
  readonly insecure: boolean;
  readonly impersonated: {
    readonly user: string;
    readonly uid: string | null;
    readonly groups: readonly string[];
  } | null;
  readonly kubeconfigFiles: readonly string[];
}
