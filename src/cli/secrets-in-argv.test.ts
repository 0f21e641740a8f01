import { describe, expect, it } from 'vitest';
import type { ExhibitError } from '../model/errors.js';
import { refuseSecretsInArgv } from './secrets-in-argv.js';

function refusal(argv: readonly string[]): ExhibitError | null {
  try {
    refuseSecretsInArgv(argv);
    return null;
  } catch (error) {
    return error as ExhibitError;
  }
}

describe('secrets on the command line', () => {
  it.each([
    ['--token', 's3cr3t'],
    ['--token=s3cr3t'],
    ['--password', 's3cr3t'],
    ['--username=s3cr3t'],
    ['--proxy-url=http://user:s3cr3t@proxy:3128'],
    ['--proxy-url', 'http://s3cr3t@proxy:3128'],
    ['--server', 'https://u:s3cr3t@10.0.0.1:6443/x'],
    ['--', '--token=s3cr3t'],
    ['--passphrase=s3cr3t'],
    ['--encrypt-passphrase=s3cr3t'],
    ['--encrypt-to', 'AGE-SECRET-KEY-1s3cr3t'],
    ['--identity=age-secret-key-pq-1s3cr3t'],
    ['--identity', 'AGE-PLUGIN-YUBIKEY-1s3cr3t'],
  ])('refuses %s and repeats no value', (...words) => {
    const error = refusal(['collect', '--all', ...words]);
    expect(error).toMatchObject({ code: 'USAGE_SECRET_IN_ARGV', exitCode: 2 });
    expect(`${JSON.stringify(error)}${error?.stack ?? ''}`).not.toContain('s3cr3t');
  });

  it('refuses a passphrase after the switch of key new, and repeats it nowhere', () => {
    const error = refusal(['key', 'new', '--passphrase', 's3cr3t']);
    expect(error).toMatchObject({ code: 'USAGE_SECRET_IN_ARGV', hints: [expect.stringContaining('--passphrase-fd')] });
    expect(`${JSON.stringify(error)}${error?.stack ?? ''}`).not.toContain('s3cr3t');
    expect(refusal(['key', 'new', '--passphrase', '--name', 'x'])).toBeNull();
    expect(refusal(['key', 'new', '--passphrase-fd', '3'])).toBeNull();
  });

  it('refuses a passphrase after the switch of seal', () => {
    expect(refusal(['seal', '--encrypt-passphrase', 's3cr3t'])?.code).toBe('USAGE_SECRET_IN_ARGV');
    expect(refusal(['seal', '--encrypt-passphrase', '--key', 'x'])).toBeNull();
  });

  it.each([['--tokens-of-love'], ['--server', 'https://10.0.0.1:6443/path@here'], ['--principal', 'jane@example.org']])(
    'lets %s through',
    (...words) => {
      expect(refusal(['collect', ...words])).toBeNull();
    },
  );
});
