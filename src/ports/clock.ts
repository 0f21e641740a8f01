/** Time as the program sees it. Injected, so that tests and replays decide it. */
export interface Clock {
  /** Wall clock in epoch milliseconds. May jump; never used to measure a duration. */
  nowMs(): number;
  /** Monotonic microseconds from an arbitrary point; never goes back within one boot. */
  monoUs(): number;
  /** Identifies the boot that `monoUs` counts in; `unknown` where the platform has none. */
  bootId(): string;
}

/** Sources of identifiers. */
export interface Ids {
  /** RFC 4122 version 4 UUID in lower case; used as `Audit-ID`. */
  uuid(): string;
  /** `length` characters of [a-z2-9], beginning with a letter; used as case token. */
  token(length: number): string;
}
