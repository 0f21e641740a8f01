import type { ClientCertificate } from '../http/http-exchange-types.js';

/** What a request shows. Both are secrets. */
export interface Credential {
  /** Whole value of `Authorization`. */
  readonly authorization: string | null;
  readonly certificate: ClientCertificate | null;
}

/** Safe for concurrent use; whatever is fetched is fetched once for all who wait. Throws `CLUSTER_UNAUTHENTICATED`, `KUBECONFIG_INVALID`. */
export interface CredentialSource {
  current(): Promise<Credential>;
  /** After a 401: gets another one, unless somebody else did since `refused` was handed out. */
  renew(refused: Credential): Promise<void>;
}
