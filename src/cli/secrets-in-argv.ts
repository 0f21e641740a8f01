import { ExhibitError } from '../model/errors.js';

const SECRET_FLAGS = ['token', 'password', 'username'] as const;

/** Switches that ask for a passphrase; what follows them with `=` could only be the passphrase itself. */
const PASSPHRASE_SWITCH = /^(--(?:[a-z]+-)*passphrase)=/;

function refusePassphrase(flag: string): never {
  throw new ExhibitError(
    'USAGE_SECRET_IN_ARGV',
    `${flag} takes no value: a passphrase on the command line can be read by every user of this machine and stays in the shell's history.`,
    { subject: flag, hints: [`Give ${flag} alone and be asked, or ${flag}-fd N N<FILE`] },
  );
}

const KUBECONFIG_HINTS = [
  'kubectl config set-credentials NAME --exec-command=...',
  'exhibit collect --kubeconfig FILE',
];

const AGE_IDENTITY = /AGE-(?:SECRET-KEY-(?:PQ-)?|PLUGIN-[A-Z0-9-]+-)1/i;
const IDENTITY_HINTS = ['age-keygen -y IDENTITYFILE', 'exhibit decrypt FILE --identity IDENTITYFILE'];

function refuse(flag: string, what: string, hints: readonly string[] = KUBECONFIG_HINTS): never {
  throw new ExhibitError(
    'USAGE_SECRET_IN_ARGV',
    `${flag} is not accepted: ${what} on the command line can be read by every user of this machine and stays in the shell's history.`,
    {
      subject: flag,
      hints,
    },
  );
}

/** Switches after which a word can only be meant as the passphrase, since their commands take no argument. */
const ALONE_AFTER: Readonly<Record<string, string>> = {
  '--passphrase': 'key new',
  '--encrypt-passphrase': 'seal',
};

function refusePassphraseIn(argv: readonly string[], index: number): void {
  const word = argv[index] ?? '';
  const withValue = PASSPHRASE_SWITCH.exec(word)?.[1];
  if (withValue !== undefined) refusePassphrase(withValue);
  const command = ALONE_AFTER[word];
  const isOfIt = command !== undefined && argv.join(' ').startsWith(`${command} `);
  if (isOfIt && /^[^-]/.test(argv[index + 1] ?? '')) refusePassphrase(word);
}

function refuseCredentialIn(word: string): void {
  for (const flag of SECRET_FLAGS) {
    if (word === `--${flag}` || word.startsWith(`--${flag}=`)) refuse(`--${flag}`, 'a credential');
  }
  if (AGE_IDENTITY.test(word)) refuse('An age identity', 'a private key', IDENTITY_HINTS);
  if (/^(?:--[a-z-]+=)?[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i.test(word))
    refuse('A URL with user information', 'a password');
}

/**
 * Refuses command lines that carry a secret, before anything is parsed, logged or repeated: kubectl's credential flags, passphrases, age
 * identities and URLs with user information. The message names the flag, never the value.
 */
export function refuseSecretsInArgv(argv: readonly string[]): void {
  for (const [index, word] of argv.entries()) {
    refusePassphraseIn(argv, index);
    refuseCredentialIn(word);
  }
}
