import { parseAsciiJson } from '../../lib/ascii-json.js';
import { MAX_RECORD_BYTES } from './bag-layout.js';
import { textOf } from '../../lib/bytes.js';
import type { Findings } from './findings.js';
import { LineSplitter } from './line-splitter.js';
import type { Shape } from './record-shapes.js';

/** Takes the bytes of a tag file as they pass by. */
export interface TagConsumer {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface RecordLinesOptions<T> {
  readonly path: string;
  readonly shape: Shape<T>;
  readonly findings: Findings;
  /** `raw` is the line with its LF, valid during the call; `place` names it in findings. */
  readonly onRecord: (record: T, raw: Uint8Array, place: string) => void;
  readonly onEnd?: () => void;
}

/** Reads a file of records: one JSON object per LF-ended line, each exactly as `asciiJson` writes it and of the given shape. */
export function recordLines<T>(options: RecordLinesOptions<T>): TagConsumer {
  const { path, shape, findings } = options;
  let number = 0;
  let isUsable = true;
  const splitter = new LineSplitter(MAX_RECORD_BYTES, (raw) => {
    number += 1;
    const place = `${path}:${String(number)}`;
    const value = parseAsciiJson(textOf(raw.subarray(0, -1)));
    const record = value === undefined ? undefined : shape(value);
    if (record !== undefined) {
      options.onRecord(record, raw, place);
      return;
    }
    const found = value === undefined ? 'not JSON in the form of exhibit/1' : 'a record of another shape';
    findings.add('grammar', { path: place, expected: 'a record of exhibit/1', found });
  });
  return {
    write: (bytes) => {
      if (!isUsable || splitter.write(bytes)) return;
      isUsable = false;
      const [expected, found] = [
        `lines of at most ${String(MAX_RECORD_BYTES)} bytes`,
        `a longer one after line ${String(number)}`,
      ];
      findings.add('grammar', { path, expected, found });
    },
    end: () => {
      if (isUsable && !splitter.isWhole)
        findings.add('grammar', { path, expected: 'LF at the end of the last line', found: 'none' });
      options.onEnd?.();
    },
  };
}
