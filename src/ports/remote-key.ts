/** A P-256 key that never leaves the service that holds it. */
export interface RemoteKey {
  /** For messages and errors: the id or ARN of the key. */
  readonly name: string;
  /** The public half as DER `SubjectPublicKeyInfo`. Throws `SIGNER_UNAVAILABLE` when the service refuses or cannot be reached. */
  publicKeySpki(): Promise<Buffer>;
  /** DER `Ecdsa-Sig-Value` over the SHA-256 of `message`, which is at most 4096 bytes. Throws `SIGNER_UNAVAILABLE`. */
  sign(message: Uint8Array): Promise<Buffer>;
}
