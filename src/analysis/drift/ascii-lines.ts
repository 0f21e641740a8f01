import { parseAsciiJson } from '../../lib/ascii-json.js';
import { LineSplitter } from '../../evidence/line-splitter.js';

/** A line of a derived file that is not what it should be. */
export interface AsciiLineProblem {
  readonly path: string;
  readonly line: number;
}

/** An entry that hides a thousand others is long. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_PROBLEMS = 100;

/** Takes the bytes of a file of JSON lines as we write them; what is none goes to `problems`, and the rest is read all the same. */
export function asciiLines(
  path: string,
  take: (value: unknown) => boolean,
  problems: AsciiLineProblem[],
): { write(bytes: Buffer): void; end(): void } {
  let number = 0;
  let isUsable = true;
  const fail = (): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ path, line: number });
  };
  const splitter = new LineSplitter(MAX_LINE_BYTES, (line) => {
    number += 1;
    const value = parseAsciiJson(line.toString('latin1', 0, line.length - 1));
    if (value === undefined || !take(value)) fail();
  });
  return {
    write: (bytes) => {
      if (!isUsable || splitter.write(bytes)) return;
      isUsable = false;
      fail();
    },
    end: () => {
      if (isUsable && !splitter.isWhole) fail();
    },
  };
}
