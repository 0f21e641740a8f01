import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import type { Answers } from './confirm.js';
import { HiddenLine } from './hidden-line.js';

export interface PassphraseTerminal {
  readonly input: NodeJS.ReadableStream & { setRawMode?: (on: boolean) => unknown };
  readonly output: NodeJS.WritableStream;
  /** What Ctrl-C does; in raw mode the terminal does not do it. */
  readonly interrupt: () => void;
}

const PROCESS_TERMINAL: PassphraseTerminal = {
  input: process.stdin,
  output: process.stderr,
  interrupt: () => process.kill(process.pid, 'SIGINT'),
};

function notGiven(purpose: string): ExhibitError {
  return new ExhibitError('DECLINED', 'no passphrase was given', { subject: purpose, safe: 'Nothing was changed.' });
}

async function typedLine({ input, interrupt }: PassphraseTerminal, signal: AbortSignal): Promise<HiddenLine> {
  const line = new HiddenLine();
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      input.off('data', take);
      input.off('end', finish);
      signal.removeEventListener('abort', finish);
      input.pause();
      resolve();
    };
    const take = (chunk: Buffer | string): void => {
      const rest = line.push(Buffer.from(chunk as string));
      // What the interruption aborts ends the question.
      if (line.state === 'interrupted') interrupt();
      if (line.state === 'open' || line.state === 'interrupted') return;
      finish();
      if (rest.length > 0) input.unshift(rest);
    };
    input.on('data', take);
    input.once('end', finish);
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
    else input.resume();
  });
  return line;
}

/**
 * Asks at the terminal without showing what is typed. Throws `DECLINED` for Ctrl-D and when there is nobody to ask, and the reason of an
 * interruption; `purpose` stands in the question and in the error.
 */
export async function askPassphrase(
  purpose: string,
  answers: Answers,
  terminal: PassphraseTerminal = PROCESS_TERMINAL,
): Promise<Buffer> {
  if (!answers.mayAsk) {
    throw new ExhibitError('DECLINED', 'a passphrase is needed and there is nobody to ask', {
      subject: purpose,
      hints: ['Repeat the command at a terminal, or with --passphrase-fd N N<FILE'],
      safe: 'Nothing was changed.',
    });
  }
  const { input, output } = terminal;
  // First silence, then the question: what is typed at once must not be shown either.
  input.setRawMode?.(true);
  try {
    output.write(`Passphrase for ${escapeForTerminal(purpose)}: `);
    const line = await typedLine(terminal, answers.signal);
    if (line.state === 'done') return line.take();
    line.forget();
    answers.signal.throwIfAborted();
    throw notGiven(purpose);
  } finally {
    input.setRawMode?.(false);
    output.write('\n');
  }
}
