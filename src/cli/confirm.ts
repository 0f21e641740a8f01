import { createInterface } from 'node:readline/promises';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';

/** Asks on stderr, reads from stdin. Only `y` and `yes` are a yes. Throws `DECLINED`, also when there is nobody to answer. */
export async function confirm(
  question: string,
  answers: { readonly yes: boolean; readonly mayAsk: boolean },
): Promise<void> {
  if (answers.yes) return;
  if (!answers.mayAsk) {
    throw new ExhibitError('DECLINED', `there is nobody to answer: ${question}`, {
      hints: ['Repeat the command with --yes'],
      safe: 'Nothing was changed.',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(`${escapeForTerminal(question)} [y/N] `)).trim().toLowerCase();
    if (answer === 'y' || answer === 'yes') return;
  } finally {
    terminal.close();
  }
  throw new ExhibitError('DECLINED', `answered with no: ${question}`, { safe: 'Nothing was changed.' });
}
