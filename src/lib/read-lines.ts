import { createReadStream } from 'node:fs';

const LF = 0x0a;

/**
 * The lines of a file of ours, without their LF, from byte `start` on; memory is bounded by the longest line.
 * A last line without LF is torn and is not given. Throws a system error, and a RangeError for a line over `maxLineBytes`.
 */
export async function* readLines(
  path: string,
  { start = 0, maxLineBytes = 16 * 1024 * 1024 }: { start?: number; maxLineBytes?: number } = {},
): AsyncGenerator<{ readonly line: Buffer; readonly end: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let end = start;
  for await (const chunk of createReadStream(path, { start, highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    let data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = data.indexOf(LF); at !== -1; at = data.indexOf(LF)) {
      end += at + 1;
      yield { line: data.subarray(0, at), end };
      data = data.subarray(at + 1);
    }
    if (data.length > maxLineBytes)
      throw new RangeError(`a line of ${path} is longer than ${String(maxLineBytes)} bytes`);
    rest = data;
  }
}
