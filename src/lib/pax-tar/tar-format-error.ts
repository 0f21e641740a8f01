/** Bytes that are no tar, or one beyond the reader's bounds. `reason` is kebab-case and stable, the message is for people. */
export class TarFormatError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.name = 'TarFormatError';
    this.reason = reason;
  }
}
