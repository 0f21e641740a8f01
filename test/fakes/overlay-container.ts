import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { ShellAccess } from '../../src/node-access/shell-access.js';
import { startProcess } from '../../src/node-access/start-process.js';
import type { NodeAccess, NodeFacts } from '../../src/ports/node-access.js';

export const CONTAINER_ID = 'c0ffee'.padEnd(64, '0');
const PID = 4242;
const PARENT = 77;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const isRoot = process.getuid?.() === 0;

function run(script: string, folder: string): void {
  execFileSync('bash', ['-euc', script], {
    cwd: folder,
    env: { PATH, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** What the scripts of some tests call besides coreutils. */
export function hasTool(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Whether the kernel lets us mount an overlay with its layers in the folder for temporary files. */
export function canMountOverlay(options = ''): boolean {
  if (!isRoot) return false;
  const folder = mkdtempSync(join(tmpdir(), 'exhibit-overlay-'));
  try {
    run(
      `mkdir l u w m; unshare -m sh -ec 'mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w${options} m 2>/dev/null'`,
      folder,
    );
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface OverlayPlan {
  /** Bash that fills the layers of the image; each runs in a layer of its own, the lowest first. */
  readonly image: readonly string[];
  /** Bash that runs in the container's root, a real overlay mount; what it leaves is in the upper folder. */
  readonly inside?: string;
  /** Bash that runs in the upper folder itself, without any mount. */
  readonly upper?: string;
  /** Further mount options, each with a comma before it. */
  readonly options?: string;
  readonly facts?: Partial<NodeFacts>;
  /** The folder is the node's whole root, and names in it begin there; default: the root is this machine's. */
  readonly isRooted?: boolean;
}

/** A node with one container on a real overlay, its process being written down in a `/proc` of our own making. */
export class OverlayContainer {
  readonly folder = mkdtempSync(join(tmpdir(), 'exhibit-overlay-'));
  readonly access: NodeAccess;
  readonly #layers: readonly string[];
  readonly #root: string;

  constructor(plan: OverlayPlan) {
    const names = plan.image.map((_, index) => `l${index}`);
    this.#root = plan.isRooted === true ? this.folder : '';
    this.#layers = names.toReversed().map((name) => join(this.folder, name));
    run(`mkdir u w m volumes ${names.join(' ')}`, this.folder);
    for (const [index, script] of plan.image.entries()) run(script, join(this.folder, `l${index}`));
    if (plan.inside !== undefined) this.#inside(plan.inside, plan.options ?? '');
    if (plan.upper !== undefined) run(plan.upper, join(this.folder, 'u'));
    this.writeProc();
    this.access = this.#open(plan.facts ?? {});
  }

  get upper(): string {
    return join(this.folder, 'u');
  }

  get lowerOption(): string {
    return this.#layers.join(':');
  }

  /** The table of mounts of the container, and of its runtime. `more` = further lines of the container's. */
  writeProc({ root, runtime, more = '' }: { root?: string; runtime?: string; more?: string } = {}): void {
    const shown = (path: string): string => path.replaceAll(`${this.folder}/`, this.#root === '' ? '$&' : '/');
    const options = shown(`rw,lowerdir=${this.lowerOption},upperdir=${this.upper},workdir=${join(this.folder, 'w')}`);
    const line = root ?? `600 500 0:99 / / rw,relatime - overlay overlay ${options}`;
    const helper = runtime ?? `500 400 0:99 / /run/x/${CONTAINER_ID}/rootfs rw - overlay overlay ${options}`;
    const stat = (pid: number, parent: number): string =>
      `${pid} (sleep) S ${parent}${' 0'.repeat(17)} ${pid === PID ? 9000 : 100} 0 0\n`;
    const files = {
      [`${PID}/stat`]: stat(PID, PARENT),
      [`${PID}/cgroup`]: `0::/kubepods/burstable/pod12345678-1234-1234-1234-123456789abc/${CONTAINER_ID}\n`,
      [`${PID}/uid_map`]: '         0          0 4294967295\n',
      [`${PID}/mountinfo`]: `${line}\n${more}`,
      [`${PARENT}/stat`]: stat(PARENT, 1),
      [`${PARENT}/cgroup`]: '0::/system.slice/containerd.service\n',
      [`${PARENT}/mountinfo`]: `${helper}\n`,
    };
    const proc = join(this.folder, 'proc');
    rmSync(proc, { recursive: true, force: true });
    for (const pid of [PID, PARENT]) {
      mkdirSync(join(proc, String(pid)), { recursive: true });
      symlinkSync(this.#root === '' ? '/' : this.#root, join(proc, String(pid), 'root'));
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(proc, name), text);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #inside(script: string, options: string): void {
    const mount = `lowerdir=${this.lowerOption},upperdir=${this.upper},workdir=${join(this.folder, 'w')}${options}`;
    writeFileSync(join(this.folder, 'inside.sh'), script);
    run(`unshare -m bash -euc 'mount -t overlay overlay -o "${mount}" m; cd m; . ../inside.sh'`, this.folder);
  }

  #open(facts: Partial<NodeFacts>): NodeAccess {
    const version = (tool: string): string =>
      execFileSync(tool, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
    const tools = Object.fromEntries(['tar', 'find', 'stat', 'sha256sum', 'grep'].map((tool) => [tool, version(tool)]));
    const known: NodeFacts = {
      rung: 'local',
      vantage: 'live-kernel',
      node: 'node-1',
      machine: 'x86_64',
      kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
      root: this.#root,
      processes: true,
      capabilities: isRoot ? ['sys_admin'] : [],
      tools,
      degraded: [],
      ...facts,
    };
    const start = async (exec: Parameters<typeof startProcess>[1]) => {
      const [file = 'sh', ...args] = exec.argv;
      return await startProcess({ file, args, env: { PATH } }, exec);
    };
    return new ShellAccess(known, {
      start,
      root: this.#root,
      proc: join(this.folder, 'proc'),
      clock: systemClock,
      ids: systemIds,
    });
  }
}
