import { ExhibitError } from '../model/errors.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';
import { askPassphrase, type PassphraseTerminal } from './ask-passphrase.js';
import type { Answers } from './confirm.js';

const MAX_TRIES = 3;

/** Asks the person at the terminal, who may be wrong twice. */
export function terminalPassphrases(answers: Answers, terminal?: PassphraseTerminal): PassphraseSource {
  return {
    maxTries: MAX_TRIES,
    read: async (purpose) => await askPassphrase(purpose, answers, terminal),
  };
}

/** A passphrase for something new: asked for twice where a person types it. Throws `DECLINED`, `USAGE_INVALID` when they differ. */
export async function newPassphrase(source: PassphraseSource, purpose: string): Promise<Buffer> {
  const passphrase = await source.read(purpose);
  if (source.maxTries === 1) return passphrase;
  const again = await source.read(`${purpose} (once more)`);
  const isSame = passphrase.equals(again);
  again.fill(0);
  if (isSame) return passphrase;
  passphrase.fill(0);
  throw new ExhibitError('USAGE_INVALID', 'The two passphrases differ.', {
    subject: purpose,
    safe: 'Nothing was changed.',
  });
}
