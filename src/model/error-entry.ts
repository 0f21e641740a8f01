/** One way in which a command can end other than well. */
export interface ErrorEntry {
  readonly exitCode: number;
  /** One sentence in plain words, shown by `exhibit explain CODE`. */
  readonly meaning: string;
  /** What to do, in general; the error itself carries the exact command. */
  readonly remedy: string;
}
