import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** execs.json, written by scripts/record-exec.js: what a real server said to commands in one container. */
const execsSchema = z.strictObject({
  kubernetes: z.string(),
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  execs: z.array(
    z.strictObject({
      argv: z.array(z.string()),
      /** What was written to it, so many times over. */
      stdin: z.string(),
      times: z.int(),
      /** Channel and bytes (base64) of each message, in order. */
      frames: z.array(z.tuple([z.int(), z.string()])),
      closeCode: z.int(),
    }),
  ),
});

export interface ExecCall {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly argv: readonly string[];
}

export interface ExecFrame {
  readonly channel: number;
  readonly bytes: Buffer;
}

export interface RecordedExecs {
  /** The messages of the real server; `null` when this was not recorded. */
  find(call: ExecCall, stdin: Buffer): readonly ExecFrame[] | null;
}

/** Reads the recording of a scenario's folder; one without has no execs. Throws when it is not valid. */
export function loadExecs(folder: string): RecordedExecs {
  const file = path.join(folder, 'execs.json');
  if (!existsSync(file)) return { find: () => null };
  const { execs, ...where } = execsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    find: (call, stdin) => {
      if (call.namespace !== where.namespace || call.pod !== where.pod || call.container !== where.container)
        return null;
      const wanted = JSON.stringify(call.argv);
      const known = execs.find(
        (one) => JSON.stringify(one.argv) === wanted && stdin.equals(Buffer.from(one.stdin.repeat(one.times))),
      );
      return known?.frames.map(([channel, bytes]) => ({ channel, bytes: Buffer.from(bytes, 'base64') })) ?? null;
    },
  };
}
