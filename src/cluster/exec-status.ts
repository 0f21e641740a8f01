import { arrayAt, parseJson, stringAt } from '../lib/untyped.js';
import type { ExecStatus } from '../ports/cluster-exec.js';

const MAX_MESSAGE = 8192;

export interface ExecResult {
  readonly status: ExecStatus;
  readonly exitCode: number | null;
}

function exitCodeOf(frame: unknown): number | null {
  if (stringAt(frame, 'reason') !== 'NonZeroExitCode') return null;
  const cause = arrayAt(frame, 'details', 'causes').find((one) => stringAt(one, 'reason') === 'ExitCode');
  const code = stringAt(cause, 'message') ?? '';
  return /^(?:[1-9][0-9]{0,9})$/.test(code) ? Number(code) : null;
}

/** What the frame of the status channel says; `null` when it is no `Status` that says how it ended. */
export function parseExecStatus(bytes: Buffer): ExecResult | null {
  const frame = parseJson(bytes);
  const word = stringAt(frame, 'status');
  if (word !== 'Success' && word !== 'Failure') return null;
  const success = word === 'Success';
  return {
    status: {
      success,
      reason: (stringAt(frame, 'reason') ?? '').slice(0, MAX_MESSAGE),
      message: (stringAt(frame, 'message') ?? '').slice(0, MAX_MESSAGE),
    },
    exitCode: success ? 0 : exitCodeOf(frame),
  };
}
