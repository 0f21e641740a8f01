/** One time-stamping authority (RFC 3161), reached over a network. It is sent digests, never content. */
export interface Timestamper {
  /** As the user gave it, without user information: `https://tsa.example/tsr`. */
  readonly url: string;
  /**
   * Sends a DER `TimeStampReq` and returns the DER `TimeStampResp`, whatever it says: the caller judges it. Throws `TIMESTAMP_FAILED`
   * when nothing, something too long or something that is no time-stamp reply came back. `onDate` is handed the `Date` of the HTTP answer
   * that holds the reply, as it was received, where it has one: nobody signed it.
   */
  stamp(request: Uint8Array, signal?: AbortSignal, onDate?: (httpDate: string) => void): Promise<Buffer>;
}
