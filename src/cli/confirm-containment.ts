import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import { type Answers, confirmByTyping, type Terminal } from './confirm.js';

export interface ContainmentQuestion {
  readonly question: string;
  /** The name that must be typed. */
  readonly word: string;
  /** Of --confirm. */
  readonly given: string | undefined;
}

/**
 * Only the name itself is a yes, typed or given: `--yes` answers every question of a script, and this one must be read. Throws `DECLINED`.
 */
export async function confirmContainment(
  { question, word, given }: ContainmentQuestion,
  answers: Answers,
  terminal?: Terminal,
): Promise<void> {
  if (given === word) return;
  const safe = 'Nothing was changed.';
  if (given !== undefined)
    throw new ExhibitError('DECLINED', `--confirm ${given} does not name what is contained: ${word}`, { safe });
  if (!answers.mayAsk)
    throw new ExhibitError('DECLINED', `there is nobody to answer, and --yes is not enough: ${question}`, {
      hints: [`Repeat the command with --confirm ${shellWord(word)}`],
      safe,
    });
  await confirmByTyping({ question, word }, { ...answers, yes: false }, terminal);
}
