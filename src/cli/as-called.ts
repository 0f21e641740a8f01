/** How this copy of the program is called and where it lies: what hints must name to be copied as they stand. */
export interface Installed {
  /** `exhibit` or `kubectl exhibit`. */
  readonly bin: string;
  /** Folder of package.json. */
  readonly root: string;
}

/** First words of all commands, so that a sentence with the noun is left as it is. */
const FIRST_WORDS = [
  ...[
    'audit',
    'autocomplete',
    'case',
    'cleanup',
    'collect',
    'complete',
    'custody',
    'decrypt',
    'derive',
    'diff',
    'doctor',
    'drill',
    'explain',
  ],
  ...[
    'extract',
    'handover',
    'help',
    'key',
    'pull',
    'push',
    'quarantine',
    'release',
    'respond',
    'resume',
    'seal',
    'show',
    'snapshot',
    'verify',
  ],
];
const COMMAND = new RegExp(`(?<![\\w/.-])(?<!kubectl )exhibit(?= (?:${FIRST_WORDS.join('|')})\\b)`, 'g');
const TEMPLATE = /(?<![\w/.-])templates\/(?=(?:rbac|profiles|completion|cloud|containment|audit)\b)/g;

/** Commands as the user called the program: `kubectl exhibit seal`. */
export function asCalled(text: string, bin: string): string {
  return bin === 'exhibit' ? text : text.replace(COMMAND, bin);
}

/** As `asCalled`, and the shipped templates by their absolute path. */
export function asInstalled(text: string, { bin, root }: Installed): string {
  return asCalled(text, bin).replace(TEMPLATE, `${root.replace(/\/$/, '')}/templates/`);
}
