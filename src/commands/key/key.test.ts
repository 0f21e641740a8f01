import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { documentSchemaOf } from '../../cli/json-schemas.js';
import { makeFidoKey } from '../../../test/fakes/fido-key.js';
import { LOCKED_KEY, LOCKED_KEY_PUBLIC } from '../../../test/fakes/locked-key.js';
import { runInProcess } from '../../../test/fakes/run-in-process.js';
import KeyNew from './new.js';
import KeyShow from './show.js';
import KeyTrust from './trust.js';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-key-'));
  vi.stubEnv('EXHIBIT_HOME', home);
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

describe('key new', () => {
  it('makes a private key that only its owner reads, trusts it, and prints a document of its schema', async () => {
    const run = await runInProcess(KeyNew, 'key:new', ['--json']);
    expect(run.report?.exitCode).toBe(0);
    const result = documentSchemaOf('key:new').parse(JSON.parse(run.stdout)) as { fingerprint: string; path: string };
    expect(result.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(result.path).toBe(join(home, 'keys', 'default'));
    expect(statSync(result.path).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home, 'allowed_signers'), 'utf8')).toContain('namespaces="exhibit-seal@v1');
    expect(run.stdout).not.toContain('PRIVATE');
  });

  it('refuses to overwrite a key and leaves it as it was', async () => {
    await runInProcess(KeyNew, 'key:new', []);
    const before = readFileSync(join(home, 'keys', 'default'), 'utf8');
    const again = await runInProcess(KeyNew, 'key:new', []);
    expect(again.error).toMatchObject({ code: 'KEY_INVALID', exitCode: 2 });
    expect(again.error?.hints[0]).toBe('exhibit key new --name NAME');
    expect(again.stdout).toBe('');
    expect(readFileSync(join(home, 'keys', 'default'), 'utf8')).toBe(before);
  });

  it('refuses it before it asks for a passphrase that would be of no use', async () => {
    await runInProcess(KeyNew, 'key:new', []);
    const again = await runInProcess(KeyNew, 'key:new', ['--passphrase']);
    expect(again.error).toMatchObject({ code: 'KEY_INVALID', subject: join(home, 'keys', 'default') });
    const asked = await runInProcess(KeyNew, 'key:new', ['--passphrase', '--name', 'other', '--no-input']);
    expect(asked.error).toMatchObject({ code: 'DECLINED', hints: [expect.stringContaining('--passphrase-fd')] });
    expect(() => statSync(join(home, 'keys', 'other'))).toThrow('ENOENT');
  });

  it('refuses a name that would leave the folder of keys', async () => {
    const run = await runInProcess(KeyNew, 'key:new', ['--name', '..']);
    expect(run.error).toMatchObject({ code: 'USAGE_INVALID', exitCode: 2 });
  });

  it('says which flag is meant when one is mistyped', async () => {
    const run = await runInProcess(KeyNew, 'key:new', ['--nme', 'x']);
    expect(run.error).toMatchObject({ code: 'USAGE_INVALID', exitCode: 2 });
    expect(run.error?.message).toBe('There is no flag --nme. Did you mean --name?');
  });
});

describe('key show', () => {
  it('lists no key as an empty list, with a remark on stderr only', async () => {
    const run = await runInProcess(KeyShow, 'key:show', ['--json']);
    expect(documentSchemaOf('key:show').parse(JSON.parse(run.stdout))).toMatchObject({ keys: [] });
    expect(run.stderr).toContain('exhibit key new');
  });

  it('prints names, lines of JSON, and says as whom a key is trusted', async () => {
    await runInProcess(KeyNew, 'key:new', ['--name', 'b', '--principal', 'bob@example.org']);
    await runInProcess(KeyNew, 'key:new', ['--name', 'a', '--principal', 'ann@example.org']);
    expect((await runInProcess(KeyShow, 'key:show', ['-o', 'name'])).stdout).toBe('a\nb\n');
    const lines = (await runInProcess(KeyShow, 'key:show', ['-o', 'ndjson'])).stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { trustedAs: string }).trustedAs)).toEqual([
      'ann@example.org',
      'bob@example.org',
    ]);
  });

  it('lists whom this machine trusts, with and without a private key here', async () => {
    await runInProcess(KeyNew, 'key:new', ['--principal', 'bob@example.org']);
    rmSync(join(home, 'keys'), { recursive: true });
    const { stdout } = await runInProcess(KeyShow, 'key:show', []);
    expect(stdout).toMatch(/^Trusted as signers [^\n]*\nPRINCIPAL +FINGERPRINT\nbob@example\.org {2}SHA256:/);
  });

  it('refuses -o json together with --json', async () => {
    const run = await runInProcess(KeyShow, 'key:show', ['-o', 'json', '--json']);
    expect(run.error?.exitCode).toBe(2);
  });
});

describe('keys of other kinds', () => {
  const put = (name: string, text: string, mode = 0o600): void => {
    mkdirSync(join(home, 'keys'), { recursive: true });
    writeFileSync(join(home, 'keys', name), text, { mode });
  };

  it('says where the private half is, and how it is protected', async () => {
    await runInProcess(KeyNew, 'key:new', []);
    put('locked', LOCKED_KEY);
    put('locked.pub', LOCKED_KEY_PUBLIC);
    put('open', LOCKED_KEY, 0o644);
    put('open.pub', LOCKED_KEY_PUBLIC);
    const token = makeFidoKey('sk-ssh-ed25519@openssh.com');
    put('token.pub', `${token.publicKey} my token\n`);
    const run = await runInProcess(KeyShow, 'key:show', ['--json']);
    const { keys } = documentSchemaOf('key:show').parse(JSON.parse(run.stdout)) as { keys: { heldIn: string }[] };
    expect(keys).toMatchObject([
      { name: 'default', heldIn: 'file', type: 'ssh-ed25519' },
      { name: 'locked', heldIn: 'file, with passphrase' },
      { name: 'open', heldIn: 'file, not usable' },
      { name: 'token', heldIn: 'elsewhere', type: 'sk-ssh-ed25519@openssh.com', publicKey: token.publicKey },
    ]);
  });

  it('shows one key with the line that others need, and refuses a name that is none', async () => {
    await runInProcess(KeyNew, 'key:new', ['--principal', 'ann@example.org']);
    const { stdout } = await runInProcess(KeyShow, 'key:show', ['default']);
    expect(stdout).toMatch(/trusted as: +ann@example\.org\npublic key: +ssh-ed25519 AAAA\S+\n/);
    expect((await runInProcess(KeyShow, 'key:show', ['other'])).error).toMatchObject({ code: 'KEY_INVALID' });
  });

  it('shows which keys are revoked, and which lines of the list are not used', async () => {
    const made = await runInProcess(KeyNew, 'key:new', ['--principal', 'ann@example.org', '--json']);
    const { publicKey } = JSON.parse(made.stdout) as { publicKey: string };
    writeFileSync(join(home, 'revoked'), `${publicKey}\n`);
    vi.stubEnv('EXHIBIT_REVOKED', join(home, 'revoked'));
    appendFileSync(join(home, 'allowed_signers'), `ca@example.org cert-authority ${publicKey}\n`);
    const { stdout } = await runInProcess(KeyShow, 'key:show', []);
    expect(stdout).toMatch(/default +SHA256:\S+ +file +no\n/);
    expect(stdout).toMatch(/ann@example\.org +SHA256:\S+ \(revoked\)\n/);
    expect(stdout).toContain('2     certificate authorities are not supported');
  });

  it('takes a passphrase from a descriptor that it can read only', async () => {
    const refused = await runInProcess(KeyNew, 'key:new', ['--passphrase-fd', '2']);
    expect(refused.error).toMatchObject({ code: 'USAGE_INVALID' });
    expect(() => statSync(join(home, 'keys', 'default'))).toThrow('ENOENT');
  });

  it('says that there is no agent to ask for a key', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '');
    put('token.pub', makeFidoKey('sk-ssh-ed25519@openssh.com').publicKey);
    const reference = `agent:${join(home, 'keys', 'token.pub')}`;
    const run = await runInProcess(KeyTrust, 'key:trust', [reference, '--principal', 'x', '--yes']);
    expect(run.error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', exitCode: 20 });
  });
});

describe('key trust', () => {
  const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

  it('adds the key when that was confirmed, once', async () => {
    writeFileSync(join(home, 'jane.pub'), `${publicKey} jane\n`);
    const argv = [join(home, 'jane.pub'), '--principal', 'jane@example.org', '--yes', '--json'];
    const first = JSON.parse((await runInProcess(KeyTrust, 'key:trust', argv)).stdout) as { added: boolean };
    const second = JSON.parse((await runInProcess(KeyTrust, 'key:trust', argv)).stdout) as { added: boolean };
    expect([first.added, second.added]).toEqual([true, false]);
    expect(documentSchemaOf('key:trust').safeParse(first).success).toBe(true);
  });

  it('is declined when there is nobody to answer', async () => {
    writeFileSync(join(home, 'jane.pub'), `${publicKey} jane\n`);
    const run = await runInProcess(KeyTrust, 'key:trust', [
      join(home, 'jane.pub'),
      '--principal',
      'jane@example.org',
      '--no-input',
    ]);
    expect(run.error).toMatchObject({ code: 'DECLINED', exitCode: 5 });
    expect(() => statSync(join(home, 'allowed_signers'))).toThrow('ENOENT');
  });

  it('refuses a private key and repeats nothing of it', async () => {
    writeFileSync(
      join(home, 'oops'),
      '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n',
    );
    const run = await runInProcess(KeyTrust, 'key:trust', [join(home, 'oops'), '--principal', 'x', '--yes']);
    expect(run.error).toMatchObject({ code: 'KEY_INVALID' });
    expect(JSON.stringify(run.error)).not.toContain('c2VjcmV0');
  });
});
