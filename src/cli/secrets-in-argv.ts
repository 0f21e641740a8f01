import { ExhibitError } from '../model/errors.js';

const SECRET_FLAGS = ['token', 'password', 'username'] as const;

function refuse(flag: string, what: string): never {
  throw new ExhibitError(
    'USAGE_SECRET_IN_ARGV',
    `${flag} is not accepted: ${what} on the command line can be read by every user of this machine and stays in the shell's history.`,
    {
      subject: flag,
      hints: ['kubectl config set-credentials NAME --exec-command=...', 'exhibit collect --kubeconfig FILE'],
    },
  );
}

/**
 * Refuses command lines that carry a secret, before anything is parsed, logged or repeated: kubectl's credential flags and URLs with
 * user information. The message names the flag, never the value.
 */
export function refuseSecretsInArgv(argv: readonly string[]): void {
  for (const word of argv) {
    for (const flag of SECRET_FLAGS) {
      if (word === `--${flag}` || word.startsWith(`--${flag}=`)) refuse(`--${flag}`, 'a credential');
    }
    if (/^(?:--[a-z-]+=)?[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i.test(word))
      refuse('A URL with user information', 'a password');
  }
}
