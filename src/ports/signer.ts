/** Makes SSHSIG signatures. Implementations never expose the private key. */
export interface Signer {
  /** `SHA256:` and unpadded base64, as OpenSSH shows it. */
  readonly fingerprint: string;
  /** One line `<type> <base64>` without comment and without newline. */
  readonly publicKey: string;
  /** The armored SSHSIG over `message`. Throws `KEY_INVALID` when the key cannot sign. */
  sign(message: Uint8Array, namespace: string): Promise<string>;
}
