import { page, table } from './markdown.js';

const EXIT_MEANINGS = {
  0: 'done, complete, verified',
  1: 'a bug of ours',
  2: 'usage: flags, configuration, profile, key or case',
  3: 'partial: what was obtained is safe and valid, but the gap ledger has a gap',
  4: 'verification failed, or a record is not what it was when it was written',
  5: 'declined or refused',
  10: 'the cluster cannot be reached, does not accept the credential, or does not speak the protocol to its end',
  11: 'a right is missing',
  12: 'the target is gone or is another one',
  20: 'the platform cannot be reached, denies or is over quota',
  21: 'an operation of the platform failed',
  30: 'evidence storage: full, not writable, not safe, or locked by another run',
  40: 'an undo is incomplete; the journal shows what remains',
  69: 'the wait limit was reached; remote work continues',
  130: 'interrupted; the case is consistent',
  143: 'terminated; the case is consistent',
};

/** docs/exit-codes.md from the table of errors. Throws for an exit status without a meaning. */
export function renderExitCodes({ ERROR_TABLE }) {
  const errors = Object.entries(ERROR_TABLE);
  const used = [...new Set([0, ...errors.map(([, { exitCode }]) => exitCode)])].sort((a, b) => a - b);
  const statuses = used.map((status) => {
    if (EXIT_MEANINGS[status] === undefined)
      throw new Error(`exit status ${status} has no meaning in scripts/docs/tables.js`);
    const codes = errors.filter(([, { exitCode }]) => exitCode === status).map(([code]) => `\`${code}\``);
    return [status, EXIT_MEANINGS[status], codes.join(', ')];
  });
  return page(
    'Exit codes',
    'A contract: a status keeps its meaning. A status that is not in this table, like one above 128 that is not listed, is a failure.',
    table(['Status', 'Meaning', 'Codes'], statuses),
    '`exhibit explain CODE` prints a row of the following table without a network.',
    table(
      ['Code', 'Status', 'Meaning', 'What to do'],
      errors.map(([code, { exitCode, meaning, remedy }]) => [`\`${code}\``, exitCode, meaning, remedy]),
    ),
  );
}

/** docs/messages.md from the table of messages. */
export function renderMessages({ MESSAGE_TABLE }) {
  return page(
    'Messages',
    'Everything that is not a result is a message with a code: one line on stderr for people, one JSON line with `--events jsonl`. ' +
      'Codes are stable and never reused; texts and `data` may change.',
    table(
      ['Code', 'Level', 'Meaning'],
      Object.entries(MESSAGE_TABLE).map(([code, { level, meaning }]) => [`\`${code}\``, level, meaning]),
    ),
  );
}

const OF_OTHERS = {
  KUBECONFIG:
    'Kubeconfig files, as for kubectl: several are separated by `:`. Otherwise `~/.kube/config`, or the service account of the pod.',
  HTTPS_PROXY: 'Proxy for the API server; `proxy-url` of the kubeconfig wins.',
  NO_PROXY: 'Hosts, domains and address ranges that are reached without the proxy.',
  NO_COLOR: 'Not empty: no colour and no animation on stderr.',
  XDG_STATE_HOME: 'Cases live in `exhibit/cases` below it when EXHIBIT_HOME is not set; default `~/.local/state`.',
  XDG_CONFIG_HOME:
    'Keys and the trust list live in `exhibit` below it when EXHIBIT_HOME is not set; default `~/.config`.',
};

/** docs/environment.md: what the program takes from its surroundings. */
export function renderEnvironment({ ENVIRONMENT_TABLE }) {
  const rows = Object.entries({ ...ENVIRONMENT_TABLE, ...OF_OTHERS }).map(([name, text]) => [`\`${name}\``, text]);
  return page(
    'Environment',
    'The environment is read once, at the start. Precedence: flag, environment, case file, configuration file, default. ' +
      'No variable holds a secret of ours; credentials come from the kubeconfig and its plugins.',
    table(['Variable', 'Meaning'], rows),
  );
}
