import { spawn } from 'node:child_process';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import type { ExecEntry } from './kubeconfig-file.js';
import type { KubeEnvironment } from './resolved-connection.js';

const MAX_OUTPUT_BYTES = 1024 * 1024;

export interface PluginRun {
  readonly exec: ExecEntry;
  readonly environment: KubeEnvironment;
  /** Value of `KUBERNETES_EXEC_INFO`. */
  readonly execInfo: string;
  readonly timeoutMs: number;
}

function failed(exec: ExecEntry, why: string): ExhibitError {
  const hints = exec.installHint === '' ? [] : [escapeForTerminal(exec.installHint, 300)];
  return new ExhibitError('CLUSTER_UNAUTHENTICATED', `The credential plugin ${why}.`, {
    subject: exec.command,
    hints: [...hints, 'Run the plugin by hand to see what it says.'],
  });
}

function variablesOf(run: PluginRun): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(run.environment)) if (value !== undefined) variables[name] = value;
  for (const { name, value } of run.exec.env) variables[name] = value;
  variables['KUBERNETES_EXEC_INFO'] = run.execInfo;
  return variables;
}

/**
 * Runs a credential plugin: no terminal, no shell, a time limit for it and all it starts. Returns its standard output, at most 1 MiB.
 * Standard error is dropped, for plugins print tokens there. Throws `CLUSTER_UNAUTHENTICATED`.
 */
export async function runPlugin(run: PluginRun): Promise<Buffer> {
  const { exec } = run;
  return await new Promise<Buffer>((resolve, reject) => {
    // A group of its own, so that a wrapper script's children die with it.
    const child = spawn(exec.command, exec.args, {
      env: variablesOf(run),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      shell: false,
    });
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
      child.stdout.destroy();
    };
    const give = (error: ExhibitError): void => {
      clearTimeout(timer);
      kill();
      reject(error);
    };
    const timer = setTimeout(() => {
      give(failed(exec, `did not answer within ${String(run.timeoutMs)} ms`));
    }, run.timeoutMs);
    child.on('error', (error) => {
      give(failed(exec, 'code' in error && error.code === 'ENOENT' ? 'was not found' : 'could not be started'));
    });
    child.stdout.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      parts.push(chunk);
      if (sizeBytes > MAX_OUTPUT_BYTES) give(failed(exec, `wrote more than ${String(MAX_OUTPUT_BYTES)} bytes`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(parts));
      else
        reject(
          failed(exec, code === null ? `was ended by ${String(signal)}` : `failed with exit status ${String(code)}`),
        );
    });
  });
}
