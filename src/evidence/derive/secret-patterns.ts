/** Longest text that one of the patterns below takes: by so much the windows of a scan overlap. */
export const MAX_SECRET_BYTES = 4096;

export interface SecretPattern {
  readonly kind: string;
  /** Global. Over Latin-1 text; every repetition has an end, so that no input makes it slow, and no match is longer than 4,096 bytes. */
  readonly pattern: RegExp;
}

/** What may stand around a name and its value: quotes, also those escaped in JSON that is text in JSON. */
const QUOTES = String.raw`[\\"' \t]{0,6}`;
/** The beginning of a value that is a secret: no marker of ours, no reference to something else, no literal of a language. */
const VALUE = String.raw`(?!\[redacted|true\b|false\b|null\b|nil\b|none\b|\$[({]|[<*{[%&]|\\n|\\r)[^\s"'\\,;]{4,256}`;

function assignment(names: string): RegExp {
  return new RegExp(`(?:${names})${QUOTES}(?:[:=]|=>)${QUOTES}${VALUE}`, 'gi');
}

/**
 * What a redacted copy must not hold. Each finds the form of a secret, never a certain one: a pattern that finds too much costs a look,
 * one that finds too little costs a secret.
 */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    kind: 'private key (PEM)',
    pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g,
  },
  {
    kind: 'private key (PEM in base64)',
    // The three alignments of "PRIVATE" after the base64 of "-----BEGIN ".
    pattern: /LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,60}?(?:UFJJVkFURS|BSSVZBVEUg|QUklWQVRFI)/g,
  },
  {
    // From its first dot on, because that is rare, with the header looked for behind it.
    kind: 'token (JWT, service account)',
    pattern: /\.eyJ(?<=eyJ[\w-]{8,1024}\.eyJ)[\w-]{8,1024}/g,
  },
  { kind: 'token (JWT in base64)', pattern: /ZXlKaGJHY2lPaU[A-Za-z0-9+/]{16,64}/g },
  { kind: 'AWS access key', pattern: /(?:AKIA|ASIA)[A-Z2-7]{16}/g },
  {
    kind: 'AWS secret key',
    pattern: new RegExp(`(?:secret_?access_?key|aws_?secret_?key)${QUOTES}[:=]${QUOTES}[A-Za-z0-9/+]{40}`, 'gi'),
  },
  { kind: 'bearer header', pattern: /bearer[ \t]{1,4}(?!\[redacted)[A-Za-z0-9._~+/=-]{16,2048}/gi },
  {
    kind: 'authorization header',
    pattern: new RegExp(
      `authorization${QUOTES}[:=]${QUOTES}basic[ \\t]{1,4}(?!\\[redacted)[A-Za-z0-9+/=]{6,512}`,
      'gi',
    ),
  },
  {
    kind: 'kubeconfig credential',
    pattern: new RegExp(`client-key-data${QUOTES}:${QUOTES}(?!\\[redacted)[A-Za-z0-9+/=]{8,1024}`, 'g'),
  },
  {
    kind: 'password in a URL',
    pattern: /:\/\/(?<=[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s:/?#@"'<>\\]{1,128}:(?!\[redacted)[^\s/?#@"'<>\\]{1,256}@/gi,
  },
  { kind: 'age secret key', pattern: /AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20,4000}/gi },
  {
    kind: 'registry credential',
    pattern: /\\?"auth\\?"[ \t]{0,4}:[ \t]{0,4}\\?"[A-Za-z0-9+/=]{8,1024}\\?"/g,
  },
  {
    kind: 'password assignment',
    pattern: assignment(
      'passwords?|passwd|passphrase|api_?-?key|access_?-?token|auth_?-?token|refresh_?-?token|id_?-?token|client_?-?secret|secret_?-?key|private_?-?key',
    ),
  },
  {
    // Not the working directory, which every environment has.
    kind: 'password assignment (pwd)',
    pattern: new RegExp(`pwd(?<![a-z]pwd)${QUOTES}=${QUOTES}(?!/)${VALUE}`, 'gi'),
  },
  {
    kind: 'token assignment',
    pattern: new RegExp(
      `token(?<![A-Za-z]token)${QUOTES}[:=]${QUOTES}(?!\\[redacted)[A-Za-z0-9._~+/=-]{16,2048}`,
      'gi',
    ),
  },
  {
    kind: 'token (GitHub, GitLab, Slack, Google)',
    pattern:
      /(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}|glpat-[\w-]{20,64}|xox[abeprs]-[A-Za-z0-9-]{10,255}|AIza[\w-]{35})/g,
  },
];
