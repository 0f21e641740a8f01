import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFidoKey } from '../../../test/fakes/fido-key.js';
import { localRemoteKey } from '../../../test/fakes/local-remote-key.js';
import { inHalf } from '../../../test/fakes/other-half.js';
import { ExhibitError } from '../../model/errors.js';
import { ed25519Blob, renderPublicKey } from '../ssh-public-key.js';
import { signSshsig } from '../sshsig.js';
import { type AgentSignerOptions, createAgentSigner } from './agent-signer.js';
import { createRemoteKeySigner } from './remote-key-signer.js';

const NAMESPACE = 'exhibit-seal@v1';
const message = Buffer.from('0123  data/file\n');
const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = renderPublicKey({ type: 'ssh-ed25519', blob: ed25519Blob(privateKey) });

let directory: string;
let options: AgentSignerOptions;
let touched: number;

/** A program of this name that is found first; a shell script. */
function program(name: string, script: string): void {
  const path = join(directory, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** ssh-add that lists the key, and ssh-keygen that answers with these bytes. */
function agentAnswers(signature: string, key = publicKey): void {
  writeFileSync(join(directory, 'answer'), signature);
  program('ssh-add', `echo "ssh-ed25519 AAAA another key"\necho "${key} my laptop"`);
  program(
    'ssh-keygen',
    `cat > "$HOME/input"\nprintf '%s\\n' "$@" > "$HOME/argv"\nenv > "$HOME/env"\ncat "$HOME/answer"`,
  );
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-agent-'));
  mkdirSync(join(directory, 'bin'));
  touched = 0;
  options = {
    publicKeyPath: join(directory, '-f; touch owned #.pub'),
    publicKey,
    variables: {
      PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: directory,
      SSH_AUTH_SOCK: join(directory, 'socket'),
      AWS_SECRET_ACCESS_KEY: 'not for ssh-keygen',
      SSH_ASKPASS: '/bin/false',
    },
    signal: new AbortController().signal,
    onTouch: () => {
      touched += 1;
    },
  };
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('createAgentSigner', () => {
  it('asks ssh-keygen without a shell, with a bare environment, and takes what it signs', async () => {
    const signature = signSshsig(privateKey, message, NAMESPACE);
    agentAnswers(signature);
    const signer = await createAgentSigner(options);
    expect(await signer.sign(message, NAMESPACE)).toBe(signature);
    expect(signer.publicKey).toBe(publicKey);
    expect(readFileSync(join(directory, 'input')).equals(message)).toBe(true);
    expect(readFileSync(join(directory, 'argv'), 'utf8').split('\n')).toEqual([
      ...['-Y', 'sign', '-q', '-U', '-n', NAMESPACE, '-f', options.publicKeyPath],
      '',
    ]);
    const environment = readFileSync(join(directory, 'env'), 'utf8');
    expect(environment).toContain(`SSH_AUTH_SOCK=${join(directory, 'socket')}`);
    expect(environment).not.toMatch(/AWS_|ASKPASS/);
    expect(existsSync('owned')).toBe(false);
    expect(touched).toBe(0);
  });

  it.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const)(
    'says that a key of type %s waits to be touched',
    async (type) => {
      const key = makeFidoKey(type);
      agentAnswers(key.sign(message, NAMESPACE), key.publicKey);
      const signer = await createAgentSigner({ ...options, publicKey: key.publicKey });
      expect(touched).toBe(0);
      await signer.sign(message, NAMESPACE);
      expect(touched).toBe(1);
    },
  );

  it.each([
    ['P-256', () => createRemoteKeySigner(localRemoteKey())],
    ['FIDO P-256', () => makeFidoKey('sk-ecdsa-sha2-nistp256@openssh.com')],
  ])('hands on a signature of %s with the smaller of its two numbers', async (_what, makeKey) => {
    const key = await makeKey();
    const signed = await key.sign(message, NAMESPACE);
    for (const half of ['low', 'high'] as const) {
      agentAnswers(inHalf(signed, half), key.publicKey);
      const signer = await createAgentSigner({ ...options, publicKey: key.publicKey });
      expect(await signer.sign(message, NAMESPACE)).toBe(inHalf(signed, 'low'));
    }
  });

  it.each([
    ['nothing', ''],
    ['text', 'Signing data on standard input\n'],
    ['a signature by another key', signSshsig(generateKeyPairSync('ed25519').privateKey, message, NAMESPACE)],
    ['a signature over other bytes', signSshsig(privateKey, Buffer.from('other'), NAMESPACE)],
    ['a signature for another namespace', signSshsig(privateKey, message, 'file')],
    ['a signature and more', `${signSshsig(privateKey, message, NAMESPACE)}x`],
  ])('never hands on %s', async (_what, answer) => {
    agentAnswers(answer);
    const signer = await createAgentSigner(options);
    await expect(signer.sign(message, NAMESPACE)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE', exitCode: 20 });
  });

  it('repeats the last thing that ssh-keygen said, escaped and short', async () => {
    agentAnswers('');
    program('ssh-keygen', `printf 'first\\nagent refused \\033[31moperation%s\\n' "$(seq -s, 1000)" >&2; exit 255`);
    const signer = await createAgentSigner(options);
    const error = await signer.sign(message, NAMESPACE).catch((caught: unknown) => caught as ExhibitError);
    expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', subject: options.publicKeyPath });
    expect((error as ExhibitError).message).toMatch(/^The ssh-agent did not sign: agent refused [^\u001b]{1,300}$/);
  });

  it('does not wait longer than it must', async () => {
    agentAnswers('');
    program('ssh-keygen', 'exec sleep 600');
    const signer = await createAgentSigner({ ...options, signTimeoutMs: 50 });
    await expect(signer.sign(message, NAMESPACE)).rejects.toThrow('waits to be touched');
  });

  it('does not wait for what ssh-keygen left behind', async () => {
    agentAnswers('');
    program('ssh-keygen', 'sleep 600 &\necho $! > "$HOME/pid"\nexec yes');
    const signer = await createAgentSigner(options);
    await expect(signer.sign(message, NAMESPACE)).rejects.toThrow('without an end');
    // It is still there, with the output of ssh-keygen in its hands.
    expect(process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGKILL')).toBe(true);
  });

  it('does not take an answer without an end', async () => {
    agentAnswers('');
    program('ssh-keygen', 'exec yes');
    const signer = await createAgentSigner(options);
    await expect(signer.sign(message, NAMESPACE)).rejects.toThrow('without an end');
  });

  it('ends as the interruption says', async () => {
    const controller = new AbortController();
    agentAnswers('', makeFidoKey('sk-ssh-ed25519@openssh.com').publicKey);
    program('ssh-keygen', 'exec sleep 600');
    const key = makeFidoKey('sk-ssh-ed25519@openssh.com');
    program('ssh-add', `echo "${key.publicKey}"`);
    const reason = new ExhibitError('INTERRUPTED', 'interrupted');
    const signer = await createAgentSigner({
      ...options,
      publicKey: key.publicKey,
      signal: controller.signal,
      onTouch: () => {
        controller.abort(reason);
      },
    });
    await expect(signer.sign(message, NAMESPACE)).rejects.toBe(reason);
  });

  it('knows before any work that there is no agent, no such key in it, or no OpenSSH', async () => {
    const code = 'SIGNER_UNAVAILABLE';
    const { SSH_AUTH_SOCK: _, ...others } = options.variables;
    await expect(createAgentSigner({ ...options, variables: others })).rejects.toMatchObject({ code });
    program('ssh-add', 'echo "The agent has no identities."; exit 1');
    await expect(createAgentSigner(options)).rejects.toThrow('does not have the key');
    program('ssh-add', `echo "${publicKey}x"`);
    await expect(createAgentSigner(options)).rejects.toThrow('does not have the key');
    program('ssh-add', 'echo "Error connecting to agent: No such file or directory" >&2; exit 2');
    await expect(createAgentSigner(options)).rejects.toThrow('Error connecting to agent');
    rmSync(join(directory, 'bin', 'ssh-add'));
    const variables = { ...options.variables, PATH: join(directory, 'bin') };
    await expect(createAgentSigner({ ...options, variables })).rejects.toThrow('ssh-add is not installed');
  });

  it('refuses what is no public key', async () => {
    await expect(createAgentSigner({ ...options, publicKey: 'ssh-dss AAAA' })).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
  });
});
