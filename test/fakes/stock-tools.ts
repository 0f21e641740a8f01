import { spawnSync } from 'node:child_process';

export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the machine with a bare environment. */
export function runTool(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string | Buffer } = {},
): ToolResult {
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', PYTHONPATH: process.env['PYTHONPATH'] ?? '' },
  });
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

/** For the name of a test that is skipped on a machine without the tool. */
export function needs(tool: string, isThere: boolean): string {
  return isThere ? '' : ` (skipped: ${tool} is not installed)`;
}
