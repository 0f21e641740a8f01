import { Errors } from '@oclif/core';
import { ExhibitError, errnoOf } from '../model/errors.js';
import { redactCredentials } from './redact.js';
import { suggest } from './suggest.js';

/** What can be said of an error only by who knows the command line. */
export interface ErrorContext {
  /** `case list`; empty before a command was found. */
  readonly command: string;
  readonly bin: string;
  readonly flagNames: readonly string[];
  /** Set once the user has interrupted: whatever fails afterwards fails because of that. */
  readonly interrupted: ExhibitError | null;
}

function helpCommand(context: ErrorContext): string {
  return context.command === '' ? `${context.bin} help` : `${context.bin} help ${context.command}`;
}

function unknownFlags(error: object): readonly string[] {
  return 'flags' in error && Array.isArray(error.flags) ? error.flags.filter((flag) => typeof flag === 'string') : [];
}

/** Text of oclif without its second paragraph: `See more help with --help` and lists that the help has too. */
function firstLines(message: string): string {
  return message.split('\nSee more help')[0]?.trim() ?? message;
}

/** What the framework says in its own words, in ours. */
const WORDINGS: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
  [/^Missing \d+ required args?:\n(\w+)/, (name) => `The argument ${name.toUpperCase()} is missing.`],
  [/^Missing required flag (\S+)/, (name) => `The flag --${name.replace(/^-+/, '')} is missing.`],
  [/^Flag (--?\S+) expects a value/, (name) => `${name} needs a value.`],
  [/^Unexpected arguments?: ([^\n]+)/, (words) => `There is no place for: ${words}`],
];

function inOurWords(message: string): string {
  const text = firstLines(message);
  for (const [pattern, wording] of WORDINGS) {
    const match = pattern.exec(text.replace(/^The following error occurred:\s*/, ''));
    if (match !== null) return wording(...match.slice(1));
  }
  return text;
}

function isAbort(error: Error): boolean {
  return error.name === 'AbortError' || errnoOf(error) === 'ABORT_ERR';
}

/** By its shape: the class may come from another copy of the framework. */
function isUsageError(error: Error): boolean {
  return error instanceof Errors.CLIError || 'parse' in error || ('oclif' in error && !(error instanceof ExhibitError));
}

function usageError(error: Error, context: ErrorContext): ExhibitError {
  const flags = unknownFlags(error);
  const first = flags[0];
  if (first === undefined)
    return new ExhibitError('USAGE_INVALID', inOurWords(error.message), { hints: [helpCommand(context)] });
  // Only the name: what follows the = may be anything.
  const name = first.split('=')[0] ?? first;
  const near = suggest(name.replace(/^-+/, ''), context.flagNames);
  return new ExhibitError(
    'USAGE_INVALID',
    `There is no flag ${name}.${near === null ? '' : ` Did you mean --${near}?`}`,
    {
      subject: name,
      hints: [helpCommand(context)],
    },
  );
}

/** Whatever was thrown as the one error that can be shown. A bug becomes `INTERNAL` and keeps its cause, which is never printed without --debug. */
export function toExhibitError(thrown: unknown, context: ErrorContext): ExhibitError {
  if (thrown instanceof ExhibitError) return thrown;
  if (thrown instanceof Error) {
    if (context.interrupted !== null && isAbort(thrown)) return context.interrupted;
    if (isUsageError(thrown)) return usageError(thrown, context);
    return new ExhibitError('INTERNAL', thrown.message === '' ? thrown.name : redactCredentials(thrown.message), {
      cause: thrown,
    });
  }
  return new ExhibitError('INTERNAL', 'Something that is no error was thrown.', { cause: thrown });
}

/** A command that does not exist, with the nearest that does. */
export function unknownCommand(words: readonly string[], commands: readonly string[], bin: string): ExhibitError {
  const typed = words.slice(0, 2).join(' ');
  const near = suggest(typed, commands) ?? suggest(words[0] ?? '', commands);
  return new ExhibitError(
    'USAGE_INVALID',
    `There is no command ${typed}.${near === null ? '' : ` Did you mean ${bin} ${near}?`}`,
    {
      subject: typed,
      hints: [near === null ? `${bin} help` : `${bin} help ${near}`],
    },
  );
}
