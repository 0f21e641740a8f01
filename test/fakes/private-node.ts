import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { openDisk } from '../../src/node-access/local.js';
import { probeNode } from '../../src/node-access/probe-node.js';
import { ShellAccess } from '../../src/node-access/shell-access.js';
import { startProcess } from '../../src/node-access/start-process.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import { runTool, unlessAble, type ToolResult } from './stock-tools.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A machine within this one, for runtimes that insist on their places: this one's programs, with processes, a `/run` and a `/var/lib` of
 * its own, which lie in `folder` as they would on the node's disk. Root only. All that runs in it ends with it, and it ends with us, however
 * we end: its first process is killed when its parent is, and the kernel kills the others with the first.
 */
export class PrivateNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'exhibit-node-'));
  readonly #holder: ChildProcess;
  #said = '';

  private constructor() {
    for (const path of ['run', 'var/lib', 'etc']) mkdirSync(join(this.folder, path), { recursive: true });
    writeFileSync(join(this.folder, 'etc/machine-id'), `${'a'.repeat(32)}\n`);
    // It waits for whatever loses its parent, as the first process of a machine must.
    const hold =
      'mount --bind "$1/var/lib" /var/lib && mount --bind "$1/run" /run && echo there && { sleep 3600 & wait; }';
    const namespaces = ['-m', '--propagation', 'private', '-p', '-f', '--kill-child=KILL', '--mount-proc'];
    const args = ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', '-c', hold, 'sh', this.folder];
    this.#holder = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH } });
    this.#holder.stderr?.on('data', (bytes: Buffer) => (this.#said += bytes.toString()));
  }

  /** Throws why where the kernel lets us have no mounts and processes of our own. */
  static async start(): Promise<PrivateNode> {
    if (process.getuid?.() !== 0) throw new Error('not root');
    const node = new PrivateNode();
    const isThere = await new Promise<boolean>((resolve) => {
      node.#holder.stdout?.once('data', () => {
        resolve(true);
      });
      node.#holder.once('exit', () => {
        resolve(false);
      });
      node.#holder.once('error', () => {
        resolve(false);
      });
    });
    if (isThere) return node;
    await node.remove();
    throw new Error(`unshare: ${node.#said}`);
  }

  get #namespaces(): string {
    return `/proc/${String(this.#holder.pid)}/ns`;
  }

  /** What comes before the arguments of a program that is to run on it. */
  get enter(): readonly string[] {
    const pids = `--pid=${this.#namespaces}/pid_for_children`;
    return [`--mount=${this.#namespaces}/mnt`, pids, `--wd=${this.folder}`];
  }

  run(program: string, ...args: readonly string[]): ToolResult {
    return runTool('nsenter', [...this.enter, program, ...args]);
  }

  /** A program that goes on; the process is that of `nsenter`, which ends when the program does. One at a time. */
  spawn(program: string, ...args: readonly string[]): ChildProcess {
    const script = 'echo $$ > spawned.pid && exec "$@" 2> spawned.log';
    const argv = [...this.enter, 'sh', '-c', script, 'sh', program, ...args];
    return spawn('nsenter', argv, { stdio: 'ignore', env: { PATH } });
  }

  /** The last words of the program that goes on. */
  said(): string {
    return this.run('tail', '-n', '3', 'spawned.log').stdout;
  }

  /** Asks the program that goes on to end, and waits until it did. */
  async end(spawned: ChildProcess): Promise<void> {
    if (spawned.exitCode !== null || spawned.signalCode !== null) return;
    const ended = new Promise((resolve) => spawned.once('exit', resolve));
    this.run('sh', '-c', 'kill -TERM "$(cat spawned.pid)"');
    await ended;
  }

  /** The live node, as who looks at a machine sees it: with the processes of all PID namespaces, from the first one. */
  async live(): Promise<NodeAccess> {
    const look = ['unshare', '-m', 'sh', '-c', 'mount -t proc proc /proc && exec "$@"', 'sh'];
    const args = [`--mount=${this.#namespaces}/mnt`, `--wd=${this.folder}`, ...look];
    const start = async (exec: Parameters<typeof startProcess>[1]) =>
      await startProcess({ file: 'nsenter', args: [...args, ...exec.argv], env: { PATH } }, exec);
    const far = { start, root: '', proc: '/proc', clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
    return new ShellAccess(await probeNode({ node: 'node-1', rung: 'local' }, far, new AbortController().signal), far);
  }

  /** A copy of its disk, as a tool for copies makes it. To be removed by the caller. */
  copy(): string {
    const path = mkdtempSync(join(tmpdir(), 'exhibit-copy-'));
    const { status, stderr } = runTool('cp', ['-a', join(this.folder, 'var'), join(this.folder, 'etc'), path]);
    if (status !== 0) throw new Error(stderr);
    return path;
  }

  /** The machine's first process is gone, for the holder, only when all the others are. */
  #killFirst(): void {
    const pid = String(this.#holder.pid);
    const first = existsSync(`/proc/${pid}/task`)
      ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
      : '';
    if (/^\d+$/.test(first)) process.kill(Number(first), 'SIGKILL');
    else this.#holder.kill('SIGKILL');
  }

  /** Ends all that runs in it. */
  async remove(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) resolve();
      else
        this.#holder.once('exit', () => {
          resolve();
        });
    });
    this.#killFirst();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What `start` gave, or why its tests are skipped, as a part of their name; see `unlessAble`. */
export async function triedNode(
  start: () => Promise<PrivateNode>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ readonly node: PrivateNode | null; readonly why: string }> {
  try {
    return { node: await start(), why: '' };
  } catch (error) {
    return { node: null, why: unlessAble(error instanceof Error ? error.message : String(error), environment) };
  }
}

/** A folder as the disk of that node. */
export async function diskAt(root: string): Promise<NodeAccess> {
  const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
  return await openDisk({ node: 'node-1', root }, options, new AbortController().signal);
}

/** For tests that are skipped without one. */
export function given(node: PrivateNode | null): PrivateNode {
  if (node === null) throw new Error('there is no node');
  return node;
}
