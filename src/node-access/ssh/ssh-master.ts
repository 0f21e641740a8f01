import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { lstat, mkdtemp, open, rm, truncate } from 'node:fs/promises';
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
const KEPT_CHARACTERS = 4096;
const MAX_LOG_BYTES = 1024 * 1024;
const LOG_EMPTIED_EVERY_MS = 1000;
/** Of a socket's path, in the shortest of the systems; ssh binds it under a name that is 17 longer first. */
const MAX_SOCKET_PATH_LENGTH = 103 - 17;

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

const wordsOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line.trim() !== '' && !/^(debug\d|OpenSSH_)/.test(line));

/** The reason is told by ssh's own log alone: the other text may be the far side's. */
function refusalOf(log: string, beside: string, host: string): ExhibitError {
  const reason = REASONS.find(([pattern]) => wordsOf(log).some((line) => pattern.test(line)))?.[1] ?? 'ssh-failed';
  const words = wordsOf(log).length > 0 ? wordsOf(log) : wordsOf(beside);
  const detail = escapeForTerminal(words.slice(-3).join('; '), 300);
  return new ExhibitError('NODE_ACCESS_REFUSED', `ssh to ${host}: ${detail === '' ? reason : detail}`, {
    subject: reason,
  });
}

/** The begin of what ssh logged; empty while there is nothing. */
async function logAt(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LOG_BYTES), 0, MAX_LOG_BYTES, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}

/** `ssh-ed25519 SHA256:...` of the host that we ended at, behind however many jumps, which log elsewhere; empty when ssh did not say. */
function hostKeyIn(log: string): string {
  return /^debug1: Server host key: (\S+ SHA256:[A-Za-z0-9+/]{43})/m.exec(log)?.[1] ?? '';
}

/** Only we may enter it; short enough for a socket, wherever scratch files otherwise go. */
async function socketDirectory(scratchDirectory: string): Promise<string> {
  const prefix = join(scratchDirectory, 'exhibit-ssh-');
  const fits = Buffer.byteLength(prefix) + 'XXXXXX/c'.length <= MAX_SOCKET_PATH_LENGTH;
  return await mkdtemp(fits ? prefix : '/tmp/exhibit-ssh-');
}

/**
 * One authenticated connection that all commands to a node share: the host key is checked once, and is the one that is recorded. It is
 * ssh itself, in the foreground, so that it ends with us. Its log goes to a file: on standard error the far side's banner stands, too,
 * and says what it likes.
 */
export class SshMaster {
  readonly controlPath: string;
  /** `ssh-ed25519 SHA256:...`; empty when ssh did not say. */
  hostKey = '';
  readonly #directory: string;
  readonly #logFile: string;
  #emptying: NodeJS.Timeout | undefined;
  readonly #child: ChildProcessByStdio<null, null, Readable>;
  readonly #ended: Promise<void>;
  #over = false;
  #said = '';

  private constructor(directory: string, { destination, settings, variables }: SshMasterOrder) {
    this.#directory = directory;
    this.controlPath = join(directory, 'c');
    this.#logFile = join(directory, 'log');
    const control = { path: this.controlPath, master: true, logFile: this.#logFile };
    const args = sshArguments(destination, settings, control);
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
    const directory = await socketDirectory(order.scratchDirectory);
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
      ) {
        this.hostKey = hostKeyIn(await logAt(this.#logFile));
        this.#keepLogShort();
        return;
      }
      if (performance.now() > giveUpAt) break;
      await pause(POLL_MS);
    }
    const log = await logAt(this.#logFile);
    throw refusalOf(this.#over ? log : `${log}\nConnection timed out`, this.#said, destination.host);
  }

  /** The far side can make ssh log without end. */
  #keepLogShort(): void {
    this.#emptying = setInterval(() => {
      truncate(this.#logFile, 0).catch(() => undefined);
    }, LOG_EMPTIED_EVERY_MS).unref();
  }

  /** Whether the connection is gone. */
  get over(): boolean {
    return this.#over;
  }

  async close(): Promise<void> {
    clearInterval(this.#emptying);
    if (!this.#over) {
      this.#child.kill('SIGTERM');
      const hard = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
      await this.#ended;
      clearTimeout(hard);
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}
