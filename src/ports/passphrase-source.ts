/** Where passphrases come from: a person at a terminal or a file descriptor; never an argument, never a variable. */
export interface PassphraseSource {
  /** How many may be asked for before the caller gives up on one lock. */
  readonly maxTries: number;
  /**
   * The bytes as they were given, without the end of the line. `purpose` is what they are for, such as `the key /path`; untrusted text.
   * The caller overwrites the bytes after use. Throws `DECLINED` when none is given, `USAGE_INVALID` for a descriptor that cannot be read.
   */
  read(purpose: string): Promise<Buffer>;
}
