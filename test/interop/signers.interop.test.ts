import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAllowedSigner, parseAllowedSigners } from '../../src/evidence/allowed-signers.js';
import { readRevokedKeys } from '../../src/evidence/revocation/revoked-keys.js';
import { createAgentSigner } from '../../src/evidence/signers/agent-signer.js';
import { createRemoteKeySigner } from '../../src/evidence/signers/remote-key-signer.js';
import { parsePublicKeyLine } from '../../src/evidence/ssh-public-key.js';
import { isHighS, parseSshsig, verifySshsig } from '../../src/evidence/sshsig.js';
import { makeFidoKey } from '../fakes/fido-key.js';
import { localRemoteKey } from '../fakes/local-remote-key.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';

const NAMESPACE = 'exhibit-seal@v1';
const MESSAGE = Buffer.from('0123  data/file\n'.repeat(1000));
const isThere = hasTool('ssh-keygen', ['-?']) && hasTool('ssh-agent', ['-?']);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-signers-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function makeKey(name: string, ...options: string[]): string {
  const path = join(directory, name);
  expect(runTool('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', path, ...options])).toMatchObject({ status: 0 });
  return path;
}

const publicLine = async (path: string): Promise<string> =>
  (await readFile(`${path}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');

interface Judgement {
  readonly theirs: boolean;
  readonly ours: boolean;
}

/** Both verdicts on a signature of `who@test` over MESSAGE by a list that trusts that key. */
async function judge(publicKey: string, armored: string, revokedPath?: string): Promise<Judgement> {
  const [list, signature] = [join(directory, 'list'), join(directory, 'sig')];
  const text = `who@test namespaces="${NAMESPACE}" ${publicKey}\n`;
  await writeFile(list, text);
  await writeFile(signature, armored);
  const revoking = revokedPath === undefined ? [] : ['-r', revokedPath];
  const args = ['-Y', 'verify', '-f', list, '-I', 'who@test', '-n', NAMESPACE, '-s', signature, ...revoking];
  const theirs = runTool('ssh-keygen', args, { input: MESSAGE }).status === 0;
  const parsed = parseSshsig(armored);
  const isGood = parsed !== null && verifySshsig(parsed, MESSAGE, NAMESPACE);
  const keyBlob = parsed?.publicKey.blob ?? Buffer.alloc(0);
  const query = { keyBlob, namespace: NAMESPACE, atMs: 1_800_000_000_000 };
  const trust = async (): Promise<boolean> => {
    const revoked = revokedPath === undefined ? null : await readRevokedKeys(revokedPath).catch(() => null);
    if (revokedPath !== undefined && revoked === null) return false;
    return findAllowedSigner(parseAllowedSigners(text, revoked), query).principal !== null;
  };
  return { theirs, ours: isGood && (await trust()) };
}

const BOTH_GOOD = { theirs: true, ours: true };
const BOTH_BAD = { theirs: false, ours: false };

describe.skipIf(!isThere)(`signers that are not in a file of ours${needs('OpenSSH', isThere)}`, () => {
  it.each([
    ['ed25519', []],
    ['ecdsa', ['-b', '256']],
    ['rsa', ['-b', '3072']],
  ])('an ssh-agent signs with %s, and both of us verify it', async (type, bits) => {
    const path = makeKey('key', '-t', type, ...bits);
    const socket = join(directory, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    const ended = once(agent, 'exit');
    try {
      while (!existsSync(socket)) await delay(10);
      const variables = { PATH: process.env['PATH'], SSH_AUTH_SOCK: socket };
      const options = {
        publicKeyPath: `${path}.pub`,
        publicKey: await publicLine(path),
        variables,
        signal: new AbortController().signal,
        onTouch: () => undefined,
      };
      await expect(createAgentSigner(options)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
      expect(runTool('env', [`SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', path]).status).toBe(0);
      await rm(path);
      const signer = await createAgentSigner(options);
      // Of sixteen ECDSA signatures half come back in the other form.
      for (let count = 0; count < (type === 'ecdsa' ? 16 : 1); count += 1) {
        const signature = await signer.sign(MESSAGE, NAMESPACE);
        expect(await judge(signer.publicKey, signature)).toEqual(BOTH_GOOD);
        const parsed = parseSshsig(signature);
        expect(parsed !== null && isHighS(parsed)).toBe(false);
      }
      expect(runTool('env', [`SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', '-D']).status).toBe(0);
      await expect(signer.sign(MESSAGE, NAMESPACE)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    } finally {
      agent.kill();
      await ended;
    }
  });

  it('a key service signs, and both of us verify it', async () => {
    for (let count = 0; count < 8; count += 1) {
      const signer = await createRemoteKeySigner(localRemoteKey());
      const armored = await signer.sign(MESSAGE, NAMESPACE);
      expect(await judge(signer.publicKey, armored)).toEqual(BOTH_GOOD);
      const other = await signer.sign(Buffer.from('other'), NAMESPACE);
      expect(await judge(signer.publicKey, other)).toEqual(BOTH_BAD);
    }
  });

  describe.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const)('%s', (type) => {
    it.each([
      ['touched', 0x01],
      ['touched, with a PIN', 0x05],
      ['not touched', 0x00],
    ])('is judged alike: %s', async (_what, flags) => {
      const key = makeFidoKey(type);
      expect(await judge(key.publicKey, key.sign(MESSAGE, NAMESPACE, { flags, counter: 9 }))).toEqual(BOTH_GOOD);
      expect(await judge(key.publicKey, key.sign(Buffer.from('other'), NAMESPACE))).toEqual(BOTH_BAD);
      expect(await judge(makeFidoKey(type).publicKey, key.sign(MESSAGE, NAMESPACE))).toEqual(BOTH_BAD);
    });

    it('has a fingerprint that ssh-keygen shows, too', async () => {
      const key = makeFidoKey(type, 'ssh:evidence');
      await writeFile(join(directory, 'sk.pub'), `${key.publicKey} token\n`);
      const shown = runTool('ssh-keygen', ['-lf', join(directory, 'sk.pub')]).stdout.split(' ')[1];
      const parsed = parseSshsig(key.sign(MESSAGE, NAMESPACE));
      expect(parsed?.publicKey.application).toBe('ssh:evidence');
      expect(shown).toMatch(/^SHA256:/);
    });
  });
});

describe.skipIf(!isThere)(`lists of revoked keys${needs('OpenSSH', isThere)}`, () => {
  const signed = async (path: string): Promise<string> =>
    runTool('ssh-keygen', ['-Y', 'sign', '-q', '-f', path, '-n', NAMESPACE], { input: MESSAGE }).stdout;

  it.each([
    ['a public key', (key: string) => key],
    ['sha256', (key: string) => `sha256: ${key}`],
    ['sha1', (key: string) => `sha1: ${key}`],
    ['hash', (_key: string, fingerprint: string) => `hash: ${fingerprint}`],
  ])('made by ssh-keygen -k from %s are judged alike', async (_what, specification) => {
    const [lost, kept] = [makeKey('lost', '-t', 'ed25519'), makeKey('kept', '-t', 'ecdsa')];
    const [krl, source] = [join(directory, 'krl'), join(directory, 'spec')];
    const fingerprint = runTool('ssh-keygen', ['-lf', lost]).stdout.split(' ')[1] ?? '';
    await writeFile(source, `${specification(await publicLine(lost), fingerprint)}\n`);
    expect(runTool('ssh-keygen', ['-k', '-f', krl, '-z', '7', source])).toMatchObject({ status: 0 });
    expect(await judge(await publicLine(lost), await signed(lost), krl)).toEqual(BOTH_BAD);
    expect(await judge(await publicLine(kept), await signed(kept), krl)).toEqual(BOTH_GOOD);
  });

  it('grow with ssh-keygen -u, and those about certificates do not touch plain keys', async () => {
    const [authority, key] = [makeKey('authority', '-t', 'ed25519'), makeKey('key', '-t', 'ed25519')];
    const [krl, source] = [join(directory, 'krl'), join(directory, 'spec')];
    await writeFile(source, 'serial: 1\nserial: 5-1000000\nserial: 3\nid: somebody\n');
    runTool('ssh-keygen', ['-k', '-f', krl, '-s', `${authority}.pub`, source]);
    expect(await judge(await publicLine(authority), await signed(authority), krl)).toEqual(BOTH_GOOD);
    expect(await judge(await publicLine(key), await signed(key), krl)).toEqual(BOTH_GOOD);
    expect(runTool('ssh-keygen', ['-k', '-u', '-f', krl, `${key}.pub`]).status).toBe(0);
    expect(await judge(await publicLine(key), await signed(key), krl)).toEqual(BOTH_BAD);
    expect(await judge(await publicLine(authority), await signed(authority), krl)).toEqual(BOTH_GOOD);
  });

  it('that are texts of public keys are judged alike, and a line that is none spoils them for both', async () => {
    const [lost, kept] = [makeKey('lost', '-t', 'ed25519'), makeKey('kept', '-t', 'rsa', '-b', '2048')];
    const text = join(directory, 'text');
    await writeFile(text, `# lost on a train\n\n  ${await readFile(`${lost}.pub`, 'utf8')}`);
    expect(await judge(await publicLine(lost), await signed(lost), text)).toEqual(BOTH_BAD);
    expect(await judge(await publicLine(kept), await signed(kept), text)).toEqual(BOTH_GOOD);
    await writeFile(text, `rubbish\n${await readFile(`${lost}.pub`, 'utf8')}`);
    expect(await judge(await publicLine(kept), await signed(kept), text)).toEqual(BOTH_BAD);
    await writeFile(text, '');
    expect(await judge(await publicLine(kept), await signed(kept), text)).toEqual(BOTH_GOOD);
  });

  it('that are damaged are refused by both', async () => {
    const key = makeKey('key', '-t', 'ed25519');
    const krl = join(directory, 'krl');
    runTool('ssh-keygen', ['-k', '-f', krl, `${makeKey('lost', '-t', 'ed25519')}.pub`]);
    const good = await readFile(krl);
    for (const bad of [good.subarray(0, -1), Buffer.concat([good, Buffer.alloc(1)]), good.subarray(0, 30)]) {
      await writeFile(krl, bad);
      expect(await judge(await publicLine(key), await signed(key), krl)).toEqual(BOTH_BAD);
    }
    expect(parsePublicKeyLine(await publicLine(key))).not.toBeNull();
  });
});
