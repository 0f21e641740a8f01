import type { z } from 'zod';
import { ERROR_TABLE, ExhibitError } from '../model/errors.js';
import { MESSAGE_TABLE } from '../model/message.js';
import type { explainResult } from './results/key-results.js';
import { suggest } from './suggest.js';

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
    hints: [near === null ? 'exhibit explain INTERNAL' : `exhibit explain ${near}`],
  });
}
