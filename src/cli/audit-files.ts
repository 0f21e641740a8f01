import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Flags } from '@oclif/core';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { AuditFile } from '../workflows/audit-readiness.js';

const PIECE_BYTES = 1024 * 1024;

/** Files that hold audit logs, for whatever reads some. */
export const auditFileFlags = {
  'audit-file': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'FILE',
    summary: 'A file with an audit log, packed by gzip or not; - reads standard input; repeatable.',
  }),
};

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>;
  } catch (cause) {
    const message = `The audit log cannot be read (${errnoOf(cause) ?? 'unknown error'}).`;
    throw new ExhibitError('AUDIT_LOG_UNREADABLE', message, { subject: path, cause });
  }
}

/** In the order in which they were named. Throws `USAGE_INVALID` where standard input is wanted twice. */
export function auditFiles(
  paths: readonly string[],
  { isInputTaken, input = process.stdin }: { readonly isInputTaken: boolean; readonly input?: AsyncIterable<Buffer> },
): readonly AuditFile[] {
  if (paths.filter((path) => path === '-').length + (isInputTaken ? 1 : 0) > 1)
    throw new ExhibitError('USAGE_INVALID', 'Standard input can be read once: name a file instead of the second -.');
  return paths.map((path) =>
    path === '-' ? { name: 'standard input', pieces: input } : { name: basename(path), pieces: piecesOf(path) },
  );
}
