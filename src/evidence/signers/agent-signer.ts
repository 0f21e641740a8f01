import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { ExhibitError } from '../../model/errors.js';
import type { Signer } from '../../ports/signer.js';
import { fingerprintOf, parsePublicKeyLine, type SshPublicKey } from '../ssh-public-key.js';
import { armorWithLowS, parseSshsig, verifySshsig } from '../sshsig.js';
import { runSshProgram, type SshProgramRun } from './run-ssh-program.js';

/** Long enough to find the token, plug it in and touch it. */
const SIGN_TIMEOUT_MS = 120_000;
const LIST_TIMEOUT_MS = 20_000;

export interface AgentSignerOptions {
  /** Path of the public key's file, which ssh-keygen reads. */
  readonly publicKeyPath: string;
  /** What stood in that file: `<type> <base64>`. */
  readonly publicKey: string;
  /** Of the user; of these PATH, HOME, SSH_AUTH_SOCK and what an agent needs to ask are handed on. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Called when somebody has to touch a key now. */
  readonly onTouch: () => void;
  readonly signTimeoutMs?: number;
}

const HANDED_ON = ['PATH', 'HOME', 'SSH_AUTH_SOCK'];

/** Signs by asking the user's ssh-agent through ssh-keygen; an ECDSA signature is handed on with the smaller `s`, as exhibit/1 has it. */
class AgentSigner implements Signer {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly #key: SshPublicKey;
  readonly #options: AgentSignerOptions;

  constructor(options: AgentSignerOptions, key: SshPublicKey) {
    this.#options = options;
    this.#key = key;
    this.publicKey = options.publicKey;
    this.fingerprint = fingerprintOf(key.blob);
  }

  /** Asks the agent whether it has the key. */
  async assertHeld(): Promise<void> {
    const { stdout, stderr } = await this.#run({
      program: 'ssh-add',
      args: ['-L'],
      input: new Uint8Array(),
      timeoutMs: LIST_TIMEOUT_MS,
    });
    const isHeld = stdout.split('\n').some((line) => line === this.publicKey || line.startsWith(`${this.publicKey} `));
    if (!isHeld) throw this.#unavailable(`The ssh-agent does not have the key${saidBy(stderr)}.`, 'ssh-add FILE');
  }

  async sign(message: Uint8Array, namespace: string): Promise<string> {
    const { publicKeyPath, onTouch, signTimeoutMs = SIGN_TIMEOUT_MS } = this.#options;
    if (this.#key.type.startsWith('sk-')) onTouch();
    const args = ['-Y', 'sign', '-q', '-U', '-n', namespace, '-f', publicKeyPath];
    const { status, stdout, stderr } = await this.#run({
      program: 'ssh-keygen',
      args,
      input: message,
      timeoutMs: signTimeoutMs,
    });
    if (status !== 0) throw this.#unavailable(`The ssh-agent did not sign${saidBy(stderr)}.`, 'ssh-add -l');
    const signature = parseSshsig(stdout);
    const isOurs = signature?.publicKey.blob.equals(this.#key.blob) === true;
    if (!isOurs || !verifySshsig(signature, message, namespace))
      throw this.#unavailable('The signature that ssh-keygen made is not one by this key.', 'ssh-add -l');
    return armorWithLowS(signature);
  }

  async #run(run: Omit<SshProgramRun, 'variables' | 'signal'>) {
    const { signal, variables } = this.#options;
    const handedOn = HANDED_ON.flatMap((name) => {
      const value = variables[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const { program, timeoutMs } = run;
    const end = await runSshProgram({ ...run, variables: { ...Object.fromEntries(handedOn), LC_ALL: 'C' }, signal });
    signal.throwIfAborted();
    if (end.kind === 'ended') return end;
    if (end.kind === 'missing')
      throw this.#unavailable(`${program} is not installed; keys of an ssh-agent are used through it.`, 'ssh -V');
    const seconds = String(Math.round(timeoutMs / 1000));
    throw this.#unavailable(
      end.kind === 'late'
        ? `Nothing was signed within ${seconds} s. A FIDO key waits to be touched; an agent may wait to be answered.`
        : `${program} answered without an end.`,
      'ssh-add -l',
    );
  }

  #unavailable(why: string, hint: string): ExhibitError {
    return new ExhibitError('SIGNER_UNAVAILABLE', why, { subject: this.#options.publicKeyPath, hints: [hint] });
  }
}

/** The last line of what a program said, as the end of a sentence. */
function saidBy(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1)?.replace(/\.$/, '') ?? '';
  return line === '' ? '' : `: ${escapeForTerminal(line, 200)}`;
}

/**
 * A signer whose key is in the user's ssh-agent: of any type that can be verified, FIDO keys too. Throws `KEY_INVALID` for a public key
 * that is none, `SIGNER_UNAVAILABLE` when there is no agent, it does not have the key, or OpenSSH is not installed.
 */
export async function createAgentSigner(options: AgentSignerOptions): Promise<Signer> {
  const key = parsePublicKeyLine(options.publicKey);
  if (key === null) {
    throw new ExhibitError('KEY_INVALID', 'The public key is of no type that can sign here.', {
      subject: options.publicKeyPath,
    });
  }
  if ((options.variables['SSH_AUTH_SOCK'] ?? '') === '') {
    throw new ExhibitError('SIGNER_UNAVAILABLE', 'There is no ssh-agent: SSH_AUTH_SOCK is not set.', {
      subject: options.publicKeyPath,
      hints: ['eval "$(ssh-agent)" && ssh-add FILE'],
    });
  }
  const signer = new AgentSigner(options, key);
  await signer.assertHeld();
  return signer;
}
