import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { openDisk } from '../../src/node-access/local.js';
import { probeNode } from '../../src/node-access/probe-node.js';
import { ShellAccess } from '../../src/node-access/shell-access.js';
import { startProcess } from '../../src/node-access/start-process.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import { runTool, type ToolResult } from './stock-tools.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A machine within this one, for runtimes that insist on their places: this one's programs and processes, with a `/run` and a `/var/lib`
 * of its own, which lie in `folder` as they would on the node's disk. Root only. What runs in it is to be ended before `remove`.
 */
export class PrivateNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'exhibit-node-'));
  readonly #holder: ChildProcess;

  private constructor() {
    for (const path of ['run', 'var/lib', 'etc']) mkdirSync(join(this.folder, path), { recursive: true });
    writeFileSync(join(this.folder, 'etc/machine-id'), `${'a'.repeat(32)}\n`);
    const hold = 'mount --bind "$1/var/lib" /var/lib && mount --bind "$1/run" /run && echo there && exec sleep 3600';
    const args = ['-m', '--propagation', 'private', 'sh', '-c', hold, 'sh', this.folder];
    this.#holder = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH } });
  }

  /** `null` where the kernel lets us have no mounts of our own. */
  static async start(): Promise<PrivateNode | null> {
    if (process.getuid?.() !== 0) return null;
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
    return null;
  }

  /** What comes before the arguments of a program that is to run on it. */
  get enter(): readonly string[] {
    return ['-t', String(this.#holder.pid), '-m', `--wd=${this.folder}`];
  }

  run(program: string, ...args: readonly string[]): ToolResult {
    return runTool('nsenter', [...this.enter, program, ...args]);
  }

  /** A program that goes on; its process is that of `nsenter`, which it replaces. */
  spawn(program: string, ...args: readonly string[]): ChildProcess {
    return spawn('nsenter', [...this.enter, program, ...args], { stdio: 'ignore', env: { PATH } });
  }

  /** The live node. */
  async live(): Promise<NodeAccess> {
    const start = async (exec: Parameters<typeof startProcess>[1]) =>
      await startProcess({ file: 'nsenter', args: [...this.enter, ...exec.argv], env: { PATH } }, exec);
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

  async remove(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) resolve();
      else
        this.#holder.once('exit', () => {
          resolve();
        });
    });
    this.#holder.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
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
