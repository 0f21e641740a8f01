import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import type { SshDestination, SshSettings } from '../../model/node-settings.js';
import { sshArguments } from './ssh-arguments.js';

const READY_TIMEOUT_MS = 45_000;
const POLL_MS = 50;
const GRACE_MS = 2000;
const KEPT_CHARACTERS = 32_768;

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'host-key-changed'],
  [/REVOKED HOST KEY/, 'host-key-revoked'],
  [/Host key verification failed|No .* host key is known/, 'host-key-unknown'],
  [/Permission denied|Too many authentication failures/, 'permission-denied'],
  [
    /Could not resolve|Connection refused|timed out|No route to host|Network is unreachable|Connection closed|Connection reset/,
    'unreachable',
  ],
];

export interface SshMasterOrder {
  readonly destination: SshDestination;
  readonly settings: SshSettings;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly scratchDirectory: string;
  readonly signal: AbortSignal;
}

function refusalOf(said: string, host: string): ExhibitError {
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !/^(debug\d|OpenSSH_)/.test(line));
  const reason = REASONS.find(([pattern]) => pattern.test(said))?.[1] ?? 'ssh-failed';
  const detail = escapeForTerminal(lines.slice(-3).join('; '), 300);
  return new ExhibitError('NODE_ACCESS_REFUSED', `ssh to ${host}: ${detail === '' ? reason : detail}`, {
    subject: reason,
  });
}

/**
 * One authenticated connection that all commands to a node share: the host key is checked once, and is the one that is recorded. It is
 * ssh itself, in the foreground, so that it ends with us.
 */
export class SshMaster {
  readonly controlPath: string;
  readonly #directory: string;
  readonly #child: ChildProcessByStdio<null, null, Readable>;
  readonly #ended: Promise<void>;
  #over = false;
  #said = '';

  private constructor(directory: string, { destination, settings, variables }: SshMasterOrder) {
    this.#directory = directory;
    this.controlPath = join(directory, 'c');
    const args = sshArguments(destination, settings, { path: this.controlPath, master: true });
    this.#child = spawn('ssh', args, { env: { ...variables }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr.setEncoding('latin1').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-KEPT_CHARACTERS);
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#over = true;
        resolve();
      };
      this.#child.once('close', end);
      this.#child.once('error', (error) => {
        this.#said += errnoOf(error) === 'ENOENT' ? '\nssh is not installed on this machine\n' : `\n${error.message}\n`;
        end();
      });
    });
  }

  /** Throws `NODE_ACCESS_REFUSED`: `host-key-unknown`, `host-key-changed`, `permission-denied`, `unreachable`, `ssh-failed`. */
  static async connect(order: SshMasterOrder): Promise<SshMaster> {
    order.signal.throwIfAborted();
    const directory = await mkdtemp(join(order.scratchDirectory, 'exhibit-ssh-'));
    const master = new SshMaster(directory, order);
    try {
      await master.#ready(order);
      return master;
    } catch (error) {
      await master.close();
      throw error;
    }
  }

  async #ready({ destination, signal }: SshMasterOrder): Promise<void> {
    const giveUpAt = performance.now() + READY_TIMEOUT_MS;
    while (!this.#over) {
      signal.throwIfAborted();
      // ssh makes the socket when it is authenticated, not before.
      if (
        await lstat(this.controlPath).then(
          () => true,
          () => false,
        )
      )
        return;
      if (performance.now() > giveUpAt) break;
      await pause(POLL_MS);
    }
    throw refusalOf(this.#over ? this.#said : `${this.#said}\nConnection timed out`, destination.host);
  }

  /** Whether the connection is gone. */
  get over(): boolean {
    return this.#over;
  }

  /** `ssh-ed25519 SHA256:...` of the host that we ended at, behind however many jumps; empty when ssh did not say. */
  get hostKey(): string {
    const keys = [...this.#said.matchAll(/^debug1: Server host key: (\S+ SHA256:[A-Za-z0-9+/]{43})/gm)];
    return keys.at(-1)?.[1] ?? '';
  }

  async close(): Promise<void> {
    if (!this.#over) {
      this.#child.kill('SIGTERM');
      const hard = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
      await this.#ended;
      clearTimeout(hard);
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}
