import { createInterface } from 'node:readline/promises';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';

export interface Answers {
  /** --yes was given. */
  readonly yes: boolean;
  /** There is somebody to ask, and nobody forbade it. */
  readonly mayAsk: boolean;
  readonly signal: AbortSignal;
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

interface Question {
  readonly question: string;
  readonly signal: AbortSignal;
}

/** The question with its form of answer, escaped by the caller. */
async function ask({ question, signal }: Question, terminal: Terminal): Promise<string> {
  const lines = createInterface(terminal);
  try {
    // readline takes Ctrl-C from the terminal; our handler must see it. Ctrl-D closes without an answer: that is a no.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const closed = new Promise<string>((resolve) =>
      lines.once('close', () => {
        resolve('');
      }),
    );
    return await Promise.race([lines.question(question, { signal }), closed]);
  } finally {
    lines.close();
  }
}

/** Asks on stderr, reads from stdin. Only `y` and `yes` are a yes. Throws `DECLINED`, also when there is nobody to answer. */
export async function confirm(
  question: string,
  answers: Answers,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (answers.yes) return;
  const safe = 'Nothing was changed.';
  if (!answers.mayAsk) {
    throw new ExhibitError('DECLINED', `there is nobody to answer: ${question}`, {
      hints: ['Repeat the command with --yes'],
      safe,
    });
  }
  const answer = await ask({ question: `${escapeForTerminal(question)} [y/N] `, signal: answers.signal }, terminal);
  if (!['y', 'yes'].includes(answer.trim().toLowerCase()))
    throw new ExhibitError('DECLINED', `answered with no: ${question}`, { safe });
}

/** As `confirm`, for what must not be answered without reading: only the word itself, typed, is a yes. */
export async function confirmByTyping(
  { question, word }: { readonly question: string; readonly word: string },
  answers: Answers,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (answers.yes || !answers.mayAsk) {
    await confirm(question, answers, terminal);
    return;
  }
  const asked = `${escapeForTerminal(question)} Type ${escapeForTerminal(word)} to go on: `;
  const answer = await ask({ question: asked, signal: answers.signal }, terminal);
  if (answer.trim() !== word)
    throw new ExhibitError('DECLINED', `${word} was not typed: ${question}`, { safe: 'Nothing was changed.' });
}
