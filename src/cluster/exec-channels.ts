/** Channels of `v5.channel.k8s.io`: the first byte of each binary message. */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const STATUS = 3;
export const CLOSE = 255;

/** kubectl writes at most this much in one message. */
const STDIN_PIECE_BYTES = 32 * 1024;

/** What is sent for a standard input: its bytes, then the signal that closes it, which is what v5 has and v4 has not. */
export function* stdinMessages(stdin: Buffer): Generator<Buffer> {
  for (let at = 0; at < stdin.length; at += STDIN_PIECE_BYTES) {
    yield Buffer.concat([Buffer.from([STDIN]), stdin.subarray(at, at + STDIN_PIECE_BYTES)]);
  }
  yield Buffer.from([CLOSE, STDIN]);
}
