import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { execa } from 'execa';
import { vi } from 'vitest';

/** The real cluster that the tests of this folder talk to: the lab on this machine, or any cluster with LAB_EXTERNAL=1. */

const ROOT = resolve(import.meta.dirname, '../..');
export const EXHIBIT = join(ROOT, 'bin/run.js');
const WORKLOADS = join(ROOT, 'test/lab/workloads.sh');
const run = promisify(execFile);

export interface Laboratory {
  readonly external: boolean;
  readonly kubeconfig: string;
  /** As written by up.sh; empty for an external cluster. */
  readonly settings: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
}

export async function openLaboratory(): Promise<Laboratory> {
  if (process.env['LAB_EXTERNAL'] === '1') {
    const kubeconfig = process.env['KUBECONFIG'] ?? '';
    const laboratory = { external: true, kubeconfig, settings: { LAB_KUBECTL: 'kubectl' }, nodes: [] };
    const names = (await kubectl(laboratory, ['get', 'nodes', '-o', 'name'])).trim().split('\n');
    return { ...laboratory, nodes: names.map((name) => name.replace('node/', '')) };
  }
  const home = process.env['EXHIBIT_LAB_HOME'] ?? '/var/tmp/exhibit-lab';
  const text = await readFile(join(home, 'env'), 'utf8');
  const settings = Object.fromEntries(
    text
      .split('\n')
      .flatMap((line) =>
        line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
      ),
  ) as Record<string, string>;
  return { external: false, kubeconfig: settings['KUBECONFIG'] ?? '', settings, nodes: ['node1', 'node2'] };
}

export async function workloads(action: 'apply' | 'delete', set: string): Promise<void> {
  await run(WORKLOADS, [action, set]);
}

export async function kubectl(laboratory: Laboratory, args: readonly string[]): Promise<string> {
  const { stdout } = await run(
    laboratory.settings['LAB_KUBECTL'] ?? 'kubectl',
    ['--kubeconfig', laboratory.kubeconfig, ...args],
    {
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  return stdout;
}

/** A responder's machine: a folder of its own with a key in it. */
/**
 * Deletes namespaces and waits until their pods are gone: a collection that runs meanwhile would rightly name a gap.
 * The grace of a second is for commands that ignore SIGTERM as process 1.
 */
export async function deleteNamespaces(laboratory: Laboratory, ...namespaces: readonly string[]): Promise<void> {
  await kubectl(laboratory, ['delete', 'namespace', ...namespaces, '--wait=false']);
  for (const namespace of namespaces)
    await kubectl(laboratory, ['-n', namespace, 'delete', 'pods', '--all', '--grace-period=1', '--wait=false']);
  const names = namespaces.map((namespace) => `namespace/${namespace}`);
  await kubectl(laboratory, ['wait', '--for=delete', ...names, '--timeout=180s']);
}

/** Waits until no pod of the cluster is being ended, whichever file of tests left it. */
export async function untilQuiet(laboratory: Laboratory): Promise<void> {
  const template =
    '{{range .items}}{{if .metadata.deletionTimestamp}}{{.kind}} {{.metadata.namespace}}/{{.metadata.name}} {{end}}{{end}}';
  await vi.waitFor(
    async () => {
      const ending = await kubectl(laboratory, ['get', 'pods,namespaces', '-A', '-o', `go-template=${template}`]);
      if (ending !== '') throw new Error(`still being ended: ${ending}`);
    },
    { timeout: 240_000, interval: 1000 },
  );
}

export class Desk {
  readonly home: string;
  readonly #variables: Readonly<Record<string, string>>;

  private constructor(home: string, variables: Readonly<Record<string, string>>) {
    this.home = home;
    this.#variables = { EXHIBIT_HOME: home, NO_COLOR: '1', ...variables };
  }

  /** `variables`: of the environment of the program, besides its home. */
  static async open(kubeconfig: string, variables: Readonly<Record<string, string>> = {}): Promise<Desk> {
    const desk = new Desk(await mkdtemp(join(tmpdir(), 'exhibit-desk-')), { KUBECONFIG: kubeconfig, ...variables });
    await desk.exhibit(['key', 'new']);
    return desk;
  }

  get allowedSigners(): string {
    return join(this.home, 'allowed_signers');
  }

  /** The built program, begun; its end never throws for an exit status. */
  start(args: readonly string[]) {
    return execa(process.execPath, [EXHIBIT, ...args], {
      reject: false,
      env: this.#variables,
      maxBuffer: 256 * 1024 * 1024,
    });
  }

  /** Runs the built program; never throws for an exit status. */
  async exhibit(args: readonly string[]): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
    const { exitCode, stdout, stderr } = await this.start(args);
    return { exitCode, stdout, stderr };
  }

  // The caller knows the shape; it is tested against the schema elsewhere.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a typed result reads better than a cast at every call
  async json<T>(
    args: readonly string[],
  ): Promise<{ readonly exitCode: number | undefined; readonly result: T; readonly stderr: string }> {
    const { exitCode, stdout, stderr } = await this.exhibit([...args, '--json']);
    return { exitCode, result: JSON.parse(stdout) as T, stderr };
  }

  async close(): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Unpacks an archive with stock tar into a folder of its own and gives the bag's folder. */
export async function unpack(archivePath: string, exhibitId: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'exhibit-bag-'));
  await run('tar', ['-xzf', archivePath, '-C', folder, '--no-same-owner', '--keep-old-files']);
  return join(folder, exhibitId);
}

/** The lines of a JSON lines file. */
export async function records<T>(path: string): Promise<T[]> {
  const text = await readFile(path, 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

/** Pastes the code blocks of an archive's own VERIFY.md into bash, as a stranger would. */
export async function followVerifyMd(
  bag: string,
  files: { readonly archive: string; readonly receipt: string; readonly allowedSigners: string },
): Promise<string> {
  const guide = await readFile(join(bag, 'VERIFY.md'), 'latin1');
  const script = [...guide.matchAll(/^~~~ bash\n(.*?)^~~~$/gms)].map((block) => block[1] ?? '').join('');
  const { stdout, stderr, exitCode } = await execa('bash', ['-euo', 'pipefail'], {
    input: script,
    reject: false,
    env: { ARCHIVE: files.archive, RECEIPT: files.receipt, ALLOWED_SIGNERS: files.allowedSigners },
  });
  return `${stdout}\n${exitCode === 0 ? '' : stderr}`;
}
