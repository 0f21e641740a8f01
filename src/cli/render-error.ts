import { ERROR_TABLE, type ExhibitError } from '../model/errors.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { asInstalled, type Installed } from './as-called.js';
import { redactCredentials } from './redact.js';

const MAX_LENGTH = 2000;

function lines(text: string): string[] {
  return text.split('\n').map((line) => escapeForTerminal(line, MAX_LENGTH));
}

/** The chain of causes, outermost first; for --debug only. Messages and stacks can hold names from the cluster and are escaped. */
function renderCauses(error: Error): string[] {
  const output: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    output.push(...(depth === 0 ? [] : ['Caused by:']), ...lines(redactCredentials(current.stack ?? current.message)));
    current = current.cause;
  }
  return output;
}

/** Without `installed`, hints stand as they were written. */
export interface RenderErrorOptions {
  readonly debug: boolean;
  readonly installed?: Installed;
}

/**
 * An error for people, on several lines that end with a line end: what failed on which object, the cause in plain words, what is
 * already safe, one command to try, the code.
 */
export function renderError(error: ExhibitError, options: RenderErrorOptions): string {
  const [message = '', ...more] = lines(error.message);
  const subject =
    error.subject === undefined || error.message.includes(error.subject)
      ? ''
      : ` (${escapeForTerminal(error.subject)})`;
  const output = [`Error: ${message}${subject}`, ...more];
  if (error.code === 'INTERNAL') {
    output.push(
      `This is a bug of ours. Please report it with the text above${options.debug ? '' : ' and that of --debug'}.`,
    );
  } else if (error.code !== 'USAGE_INVALID' && error.message !== ERROR_TABLE[error.code].meaning) {
    output.push(ERROR_TABLE[error.code].meaning);
  }
  if (error.safe !== undefined) output.push(`Safe: ${escapeForTerminal(error.safe, MAX_LENGTH)}`);
  const { installed } = options;
  const command = (text: string): string =>
    escapeForTerminal(installed === undefined ? text : asInstalled(text, installed), MAX_LENGTH);
  output.push(`Try: ${command(error.hints[0] ?? ERROR_TABLE[error.code].remedy)}`);
  for (const hint of error.hints.slice(1, 5)) output.push(`     ${command(hint)}`);
  output.push(`Code: ${error.code} (exit ${String(error.exitCode)}; ${command('exhibit explain')} ${error.code})`);
  if (options.debug) output.push('', ...renderCauses(error));
  return `${output.join('\n')}\n`;
}

/** The one JSON document of a command that failed: an allow-list, without cause and stack. */
export function errorDocument(error: ExhibitError): { readonly error: Record<string, unknown> } {
  return { error: error.toJSON() };
}
