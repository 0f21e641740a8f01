import type { z } from 'zod';
import { ERROR_TABLE, ExhibitError } from '../model/errors.js';
import { MESSAGE_TABLE } from '../model/message.js';
import type { explainListResult, explainResult } from './results/key-results.js';
import { suggest } from './suggest.js';

type Codes = z.infer<typeof explainListResult>['codes'];

/** Every code of both tables; errors by exit code first. */
export function listCodes(): Codes {
  const errors = Object.entries(ERROR_TABLE).map(
    ([code, { exitCode, meaning }]) => ({ code, kind: 'error', exitCode, meaning }) as const,
  );
  const messages = Object.entries(MESSAGE_TABLE).map(
    ([code, { meaning }]) => ({ code, kind: 'message', exitCode: null, meaning }) as const,
  );
  return [...errors.sort((a, b) => a.exitCode - b.exitCode), ...messages];
}

/** The errors that end with an exit status. Throws `USAGE_INVALID` for a status that none has. */
export function codesOfExit(status: number): Codes {
  const codes = listCodes().filter(({ exitCode }) => exitCode === status);
  if (codes.length > 0) return codes;
  const known = [...new Set(Object.values(ERROR_TABLE).map(({ exitCode }) => exitCode))].sort((a, b) => a - b);
  throw new ExhibitError(
    'USAGE_INVALID',
    `no error ends with exit status ${String(status)}; there are: ${known.join(', ')}`,
    {
      hints: ['exhibit explain'],
    },
  );
}

/** Looks a code up in the tables of errors and messages. Throws `USAGE_INVALID` with the nearest code. */
export function explainCode(text: string): z.infer<typeof explainResult> {
  const code = text.trim().toUpperCase().replaceAll('-', '_');
  const error = Object.entries(ERROR_TABLE).find(([name]) => name === code)?.[1];
  if (error !== undefined) {
    return { code, kind: 'error', meaning: error.meaning, exitCode: error.exitCode, remedy: error.remedy, level: null };
  }
  const message = Object.entries(MESSAGE_TABLE).find(([name]) => name === code)?.[1];
  if (message !== undefined) {
    return { code, kind: 'message', meaning: message.meaning, exitCode: null, remedy: null, level: message.level };
  }
  const near = suggest(code, [...Object.keys(ERROR_TABLE), ...Object.keys(MESSAGE_TABLE)]);
  throw new ExhibitError('USAGE_INVALID', `there is no code ${code}${near === null ? '' : `; did you mean ${near}?`}`, {
    subject: code,
    hints: [near === null ? 'exhibit explain' : `exhibit explain ${near}`],
  });
}
