import { spawnSync } from 'node:child_process';

export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** With the places of programs for administrators, which a user's own PATH often lacks. */
export const TOOLS_PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].filter((one) => one !== '').join(':');

/** Runs a program of the machine with a bare environment; where it cannot be run at all, `stderr` says why. */
export function runTool(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string | Buffer } = {},
): ToolResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: TOOLS_PATH, LC_ALL: 'C', PYTHONPATH: process.env['PYTHONPATH'] ?? '' },
  });
  if (status === null && error !== undefined) return { status, stdout: '', stderr: error.message };
  return { status, stdout, stderr };
}

/** Where nobody reads which tests were skipped, a missing tool must fail the tests that need it. */
const mustRunAll = Boolean(process.env['CI']);

/** Whether a program can be run at all; in CI each counts as being there. */
export function hasTool(program: string, args: readonly string[] = ['--version']): boolean {
  return mustRunAll || runTool(program, args).status !== null;
}

/** Whether Python 3 has a module; in CI each counts as being there. */
export function hasPythonModule(module: string): boolean {
  return mustRunAll || runTool('python3', ['-c', `import ${module}`]).status === 0;
}

/**
 * For the name of a test that runs where the machine starts containers or mounts images: why it is skipped, or nothing where `reason` is
 * `null`. In CI a reason is thrown, since nobody reads there what was skipped; `EXHIBIT_NO_CONTAINERS=1` says that the machine cannot.
 */
export function unlessAble(reason: string | null, environment: NodeJS.ProcessEnv = process.env): string {
  if (reason === null) return '';
  const said = reason.trim().replaceAll(/\s+/g, ' ').slice(0, 300);
  if (Boolean(environment['CI']) && environment['EXHIBIT_NO_CONTAINERS'] !== '1')
    throw new Error(`${said}. Where a machine cannot do it, set EXHIBIT_NO_CONTAINERS=1`);
  return ` (skipped: ${said})`;
}

/** Why a program failed, in its own last words. */
export function failure(program: string, { status, stderr }: ToolResult): string {
  return `${program}: ${stderr.trim() === '' ? `status ${String(status)}` : stderr}`;
}

/** For the name of a test that is skipped on a machine without the tool. */
export function needs(tool: string, isThere: boolean): string {
  return isThere ? '' : ` (skipped: ${tool} is not installed)`;
}
