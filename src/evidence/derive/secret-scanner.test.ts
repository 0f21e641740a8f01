import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SECRET_BYTES, SECRET_PATTERNS } from './secret-patterns.js';
import { SecretScanner, type SecretFinding } from './secret-scanner.js';

function scan(text: string | Buffer, pieceBytes = 1 << 20): SecretFinding[] {
  const found: SecretFinding[] = [];
  const scanner = new SecretScanner((finding) => found.push(finding));
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += pieceBytes) scanner.push(bytes.subarray(from, from + pieceBytes));
  scanner.end();
  return found.sort((a, b) => a.offset - b.offset || (a.kind < b.kind ? -1 : 1));
}

// Put together here, so that no file of the project holds the form of a secret.
const jwt = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJzeXN0ZW0ifQ', 'c2lnbmF0dXJl'].join('.');
const pem = (kind: string): string => `-----BEGIN ${kind}-----`;
const key = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const SECRETS: readonly (readonly [kind: string, text: string])[] = [
  ['private key (PEM)', pem('PRIVATE KEY')],
  ['private key (PEM)', pem('RSA PRIVATE KEY')],
  ['private key (PEM)', pem('OPENSSH PRIVATE KEY')],
  ['private key (PEM in base64)', base64(`${pem('PRIVATE KEY')}\nMII`)],
  ['private key (PEM in base64)', base64(`${pem('RSA PRIVATE KEY')}\nMII`)],
  ['private key (PEM in base64)', base64(`${pem('EC PRIVATE KEY')}\nMII`)],
  ['private key (PEM in base64)', base64(`${pem('OPENSSH PRIVATE KEY')}\nMII`)],
  ['token (JWT, service account)', jwt],
  ['token (JWT in base64)', base64(jwt)],
  ['AWS access key', key],
  ['AWS secret key', `aws_secret_access_key = ${'wJalrXUt'.repeat(5)}`],
  ['AWS secret key', `"SecretAccessKey": "${'wJalrXUt'.repeat(5)}"`],
  ['bearer header', `Authorization: Bearer ${'ab12'.repeat(6)}`],
  ['authorization header', `authorization: Basic ${base64('joe:hunter2')}`],
  ['kubeconfig credential', `client-key-data: ${base64('whatever it is')}`],
  ['password in a URL', 'postgres://joe:hunter2@db:5432/shop'],
  ['age secret key', `AGE-SECRET-KEY-1${'QPZRY9X8GF'.repeat(5)}`],
  ['registry credential', '{"auths":{"r.example":{"auth":"am9lOmh1bnRlcjI="}}}'],
  ['registry credential', '{\\"auth\\":\\"am9lOmh1bnRlcjI=\\"}'],
  ['password assignment', 'PASSWORD=hunter2'],
  ['password assignment', '"password": "hunter2"'],
  ['password assignment', '{\\"apiKey\\":\\"hunter2\\"}'],
  ['password assignment', "client_secret: 'hunter2'"],
  ['password assignment (pwd)', 'Server=db;Pwd=hunter2;'],
  ['token assignment', `token: ${'ab12'.repeat(6)}`],
  ['token (GitHub, GitLab, Slack, Google)', ['ghp', 'ab12'.repeat(9)].join('_')],
];

describe('what looks like a secret', () => {
  it.each(SECRETS)('%s: %s', (kind, text) => {
    expect(scan(`some text ${text} and more`).map((finding) => finding.kind)).toContain(kind);
    expect(scan(text).map((finding) => finding.kind)).toContain(kind);
  });

  it('every kind has an example here', () => {
    expect(SECRET_PATTERNS.map(({ kind }) => kind).sort()).toEqual([...new Set(SECRETS.map(([kind]) => kind))].sort());
  });

  it.each([
    'password: [redacted]',
    '"password":"[redacted]"',
    'bearer [redacted]',
    '"token":"[redacted]"',
    'password=$(DB_PASSWORD)',
    'password: ${DB_PASSWORD}',
    '"password": null',
    '"secretKeyRef":{"name":"db"}',
    '"automountServiceAccountToken":false',
    'PWD=/home/joe',
    'OLDPWD=/home/joe',
    pem('CERTIFICATE'),
    pem('PUBLIC KEY'),
    pem('SSH SIGNATURE'),
    base64(`${pem('CERTIFICATE')}\nMII`),
    'https://example.com:443/a@b',
    'http://10.0.0.1:8080/path',
    'the bearer of this letter',
    'no password here',
  ])('%s is none', (text) => {
    expect(scan(text)).toEqual([]);
  });

  it('is found wherever it lies, in pieces of any size, with its place', () => {
    for (const [, secret] of SECRETS) {
      const alone = scan(secret);
      for (const before of [0, 262_144 - 20, 262_144 - 1, 262_144, 524_288 - 5]) {
        const text = `${' '.repeat(before)}${secret}${' '.repeat(300_000)}`;
        expect(scan(text, 99_991)).toEqual(alone.map((finding) => ({ ...finding, offset: finding.offset + before })));
      }
    }
  });

  it('counts the same, however the bytes come', () => {
    const words = fc.constantFrom(
      ...SECRETS.map(([, text]) => text),
      ' ',
      '\n',
      'x'.repeat(5000),
      'eyJ',
      'password',
      '://',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 60 }), fc.integer({ min: 1000, max: 400_000 }), (list, pieceBytes) => {
        const text = list.join('').repeat(3);
        expect(scan(text, pieceBytes)).toEqual(scan(text));
      }),
      { numRuns: 50 },
    );
  });

  it('never takes more than the windows overlap', () => {
    for (const { pattern } of SECRET_PATTERNS) {
      for (const [, secret] of SECRETS) {
        const long = secret + 'A1'.repeat(20_000) + secret;
        for (const match of long.matchAll(pattern)) expect(match[0].length).toBeLessThanOrEqual(MAX_SECRET_BYTES);
      }
    }
  });
});
