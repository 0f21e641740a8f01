import type { z } from 'zod';
import { parseAsciiJson } from '../../lib/ascii-json.js';
import { MAX_RECORD_BYTES } from '../bag-layout.js';
import { LineSplitter } from '../line-splitter.js';
import type { Findings } from './findings.js';
import { recordForm } from './record-form.js';

/** Takes the bytes of a tag file as they pass by. */
export interface TagConsumer {
  write(bytes: Buffer): void;
  end(): void;
}

export interface RecordLinesOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly findings: Findings;
  /** `raw` is the line with its LF, valid during the call; `place` names it in findings. */
  readonly onRecord: (record: T, raw: Buffer, place: string) => void;
  readonly onEnd?: () => void;
}

/** Reads a file of records, one JSON object per LF-ended line, each exactly as `asciiJson` writes it and of the given shape. */
export function recordLines<T>(options: RecordLinesOptions<T>): TagConsumer {
  const { path, schema, findings } = options;
  let number = 0;
  let isUsable = true;
  const inUsualForm = recordForm(schema);
  const place = (): string => `${path}:${String(number)}`;
  const onLine = (raw: Buffer): void => {
    number += 1;
    const line = raw.toString('latin1', 0, raw.length - 1);
    const usual = inUsualForm?.(line);
    if (usual !== undefined) {
      options.onRecord(usual, raw, place());
      return;
    }
    const value = parseAsciiJson(line);
    const parsed = value === undefined ? undefined : schema.safeParse(value);
    if (parsed?.success === true) options.onRecord(parsed.data, raw, place());
    else findings.add('grammar', { path: place(), expected: 'a record of exhibit/1', found: problemOf(parsed?.error) });
  };
  const splitter = new LineSplitter(MAX_RECORD_BYTES, onLine);
  return {
    write: (bytes) => {
      if (!isUsable || splitter.write(bytes)) return;
      isUsable = false;
      findings.add('grammar', {
        path,
        expected: `lines of at most ${String(MAX_RECORD_BYTES)} bytes`,
        found: `a longer one after line ${String(number)}`,
      });
    },
    end: () => {
      if (isUsable && !splitter.isWhole)
        findings.add('grammar', { path, expected: 'LF at the end of the last line', found: 'none' });
      options.onEnd?.();
    },
  };
}

function problemOf(error: z.ZodError | undefined): string {
  const issue = error?.issues[0];
  return issue === undefined
    ? 'not JSON in the form of exhibit/1'
    : `${issue.path.map(String).join('.')}: ${issue.message}`;
}
