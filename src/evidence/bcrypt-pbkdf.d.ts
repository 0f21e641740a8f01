declare module 'bcrypt-pbkdf' {
  /** OpenSSH's key derivation; fills `key`. Returns 0, or -1 for arguments that it does not take. */
  // eslint-disable-next-line max-params -- It is not ours.
  export function pbkdf(
    passphrase: Uint8Array,
    passphraseLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}
