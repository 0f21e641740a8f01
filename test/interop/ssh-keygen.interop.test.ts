import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAllowedSigner, findAllowedSigner, parseAllowedSigners } from '../../src/evidence/allowed-signers.js';
import { createLocalKey, loadLocalSigner } from '../../src/evidence/local-signer.js';
import { fingerprintOf, parsePublicKeyLine } from '../../src/evidence/ssh-public-key.js';
import { parseSshsig, verifySshsig } from '../../src/evidence/sshsig.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';

const NAMESPACE = 'exhibit-seal@v1';
const MESSAGE = Buffer.from('0123  data/file\n'.repeat(1000));
const hasKeygen = hasTool('ssh-keygen', ['-?']);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-ssh-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function makeKey(name: string, type: string, bits: string): string {
  const path = join(directory, name);
  expect(
    runTool('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', `${name}@test`, '-f', path]),
  ).toMatchObject({ status: 0 });
  return path;
}

describe.skipIf(!hasKeygen)(`ssh-keygen${needs('ssh-keygen', hasKeygen)}`, () => {
  it('uses a key that we made, and shows the same fingerprint', async () => {
    const path = join(directory, 'ours');
    const { fingerprint, publicKey } = await createLocalKey({ privatePath: path, comment: 'me@here' });
    expect(runTool('ssh-keygen', ['-lf', path]).stdout).toBe(`256 ${fingerprint} me@here (ED25519)\n`);
    expect(runTool('ssh-keygen', ['-yf', path]).stdout).toBe(`${publicKey} me@here\n`);
    const signed = runTool('ssh-keygen', ['-Y', 'sign', '-f', path, '-n', NAMESPACE], { input: MESSAGE });
    expect(await (await loadLocalSigner(path)).sign(MESSAGE, NAMESPACE)).toBe(signed.stdout);
  });

  it('makes a key that we use, and verifies what we sign with it by the list that we write', async () => {
    const path = makeKey('theirs', 'ed25519', '256');
    const signer = await loadLocalSigner(path);
    const list = join(directory, 'allowed_signers');
    await appendAllowedSigner(list, { principal: 'theirs@test', publicKey: signer.publicKey, namespaces: [NAMESPACE] });
    const signature = join(directory, 'sig');
    await writeFile(signature, await signer.sign(MESSAGE, NAMESPACE));
    const verify = (namespace: string, principal: string): number | null =>
      runTool('ssh-keygen', ['-Y', 'verify', '-f', list, '-I', principal, '-n', namespace, '-s', signature], {
        input: MESSAGE,
      }).status;
    expect(verify(NAMESPACE, 'theirs@test')).toBe(0);
    expect(verify('file', 'theirs@test')).not.toBe(0);
    expect(verify(NAMESPACE, 'other@test')).not.toBe(0);
  });

  it.each([
    ['ed25519', '256', 'sha512'],
    ['ed25519', '256', 'sha256'],
    ['ecdsa', '256', 'sha512'],
    ['ecdsa', '256', 'sha256'],
    ['rsa', '3072', 'sha512'],
    ['rsa', '3072', 'sha256'],
  ])('signs with %s of %s bits over %s, and we verify', async (type, bits, hash) => {
    const path = makeKey('key', type, bits);
    const armored = runTool('ssh-keygen', ['-Y', 'sign', '-f', path, '-n', NAMESPACE, '-O', `hashalg=${hash}`], {
      input: MESSAGE,
    }).stdout;
    const signature = parseSshsig(armored);
    if (signature === null) throw new Error('not parsed');
    expect(verifySshsig(signature, MESSAGE, NAMESPACE)).toBe(true);
    expect(verifySshsig(signature, Buffer.from('other'), NAMESPACE)).toBe(false);
    const [keyType, base64] = (await readFile(`${path}.pub`, 'utf8')).split(' ');
    const publicKey = parsePublicKeyLine(`${keyType ?? ''} ${base64 ?? ''}`);
    expect(publicKey && fingerprintOf(publicKey.blob)).toBe(runTool('ssh-keygen', ['-lf', path]).stdout.split(' ')[1]);
  });

  const giving = (passphrase: string) => ({ maxTries: 1, read: async () => Buffer.from(passphrase) });

  it.each(['aes256-ctr', 'aes256-cbc'])(
    'locks a key with %s, and we open it with its passphrase only',
    async (cipher) => {
      const path = join(directory, 'locked');
      runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '2', '-Z', cipher, '-N', 'pass phrase \u00e9', '-f', path]);
      const signer = await loadLocalSigner(path, giving('pass phrase \u00e9'));
      expect((await readFile(`${path}.pub`, 'utf8')).startsWith(signer.publicKey)).toBe(true);
      await expect(loadLocalSigner(path, giving('pass phrase'))).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
      await expect(loadLocalSigner(path)).rejects.toMatchObject({ code: 'DECLINED' });
    },
  );

  it('locks a key in other ways, or makes one of another type, and we refuse it with the way out', async () => {
    const path = join(directory, 'locked');
    runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-Z', 'aes128-ctr', '-N', 'passphrase', '-f', path]);
    await expect(loadLocalSigner(path, giving('passphrase'))).rejects.toMatchObject({
      code: 'KEY_INVALID',
      hints: [expect.stringContaining('ssh-keygen -p')],
    });
    await expect(loadLocalSigner(makeKey('ec', 'ecdsa', '256'))).rejects.toThrow('agent:FILE.pub');
  });

  it('opens a key that we locked, and changes its passphrase', async () => {
    const path = join(directory, 'ours');
    const { publicKey } = await createLocalKey({ privatePath: path, comment: 'me', passphrase: Buffer.from('first') });
    expect(runTool('ssh-keygen', ['-y', '-P', 'wrong', '-f', path]).status).not.toBe(0);
    expect(runTool('ssh-keygen', ['-y', '-P', 'first', '-f', path]).stdout).toBe(`${publicKey} me\n`);
    expect(runTool('ssh-keygen', ['-p', '-P', 'first', '-N', 'second', '-f', path]).status).toBe(0);
    expect((await loadLocalSigner(path, giving('second'))).publicKey).toBe(publicKey);
  });

  it.each([
    ['namespaces="exhibit-*"', true],
    ['namespaces="file,exhibit-seal@v?"', true],
    ['namespaces="exhibit-*,!exhibit-seal@v1"', false],
    ['namespaces="file"', false],
    ['valid-after="20200101"', true],
    ['valid-after="20990101"', false],
    ['valid-before="20200101"', false],
    ['valid-before="209901011200"', true],
    ['cert-authority', false],
    ['nonsense', false],
    ['namespaces="file",namespaces="exhibit-*"', false],
    ['valid-before="20200101",valid-before="20990101"', false],
    ['valid-after="20990101",valid-before="20980101"', false],
    ['valid-after="20200101Z"', true],
    ['valid-after="202001010000UTC"', true],
    ['valid-after="20200101000000z"', true],
    ['valid-after="19700101Z"', false],
    ['valid-before="20990101T00"', false],
  ])('judges the option %s as we do', async (option, isTrusted) => {
    const path = makeKey('key', 'ed25519', '256');
    const signer = await loadLocalSigner(path);
    const list = join(directory, 'list');
    const text = `key@test ${option} ${signer.publicKey}\n`;
    await writeFile(list, text);
    await writeFile(join(directory, 'sig'), await signer.sign(MESSAGE, NAMESPACE));
    const args = ['-Y', 'verify', '-f', list, '-I', 'key@test', '-n', NAMESPACE, '-s', join(directory, 'sig')];
    expect(runTool('ssh-keygen', args, { input: MESSAGE }).status === 0).toBe(isTrusted);
    const keyBlob = parsePublicKeyLine(signer.publicKey)?.blob ?? Buffer.alloc(0);
    const found = findAllowedSigner(parseAllowedSigners(text), {
      keyBlob,
      namespace: NAMESPACE,
      atMs: 1_800_000_000_000,
    });
    expect(found.principal !== null).toBe(isTrusted);
  });

  it.each([
    ['valid-after="20260615120000Z"', [false, true, true, true]],
    ['valid-before="20260615120000Z"', [true, true, false, false]],
    ['valid-after="20260615120000Z",valid-before="20260615120001Z"', [false, true, true, false]],
    ['valid-after="20260615120000Z",valid-before="20260615120000Z"', [false, false, false, false]],
    ['valid-after="202606151200Z"', [false, true, true, true]],
    ['valid-after="20260615Z"', [true, true, true, true]],
  ])('ends and begins %s at the second at which we do', async (option, expected) => {
    const signer = await loadLocalSigner(makeKey('key', 'ed25519', '256'));
    const [list, signature] = [join(directory, 'list'), join(directory, 'sig')];
    const text = `key@test ${option} ${signer.publicKey}\n`;
    await writeFile(list, text);
    await writeFile(signature, await signer.sign(MESSAGE, NAMESPACE));
    const keyBlob = parsePublicKeyLine(signer.publicKey)?.blob ?? Buffer.alloc(0);
    const noonMs = Date.UTC(2026, 5, 15, 12);
    const judged = [-1, 0, 1, 2].map((offset) => {
      const atMs = noonMs + offset * 1000;
      const time = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '');
      const args = ['-Y', 'verify', '-f', list, '-I', 'key@test', '-n', NAMESPACE, '-s', signature];
      const theirs = runTool('ssh-keygen', [...args, `-Overify-time=${time}`], { input: MESSAGE }).status === 0;
      const query = { keyBlob, namespace: NAMESPACE, atMs };
      return { theirs, ours: findAllowedSigner(parseAllowedSigners(text), query).principal !== null };
    });
    expect(judged).toEqual(expected.map((isTrusted) => ({ theirs: isTrusted, ours: isTrusted })));
  });
});
