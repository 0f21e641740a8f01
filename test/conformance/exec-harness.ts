import { connectExec, type ExecDeps } from '../../src/cluster/connect-exec.js';
import { resolveConnection } from '../../src/cluster/resolve-connection.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { KubeGlobals } from '../../src/model/kube-globals.js';
import type { ClusterExec, ExecEnd, ExecRequest } from '../../src/ports/cluster-exec.js';
import { memoryLog, type LoggedCall } from './cluster-reader-harness.js';

/** Where the recorded commands run, in the lab and in the sandbox. */
export const TARGET = { namespace: 'exhibit-quiet', pod: 'mixed', container: 'silent' } as const;

export interface ExecUnderTest {
  readonly exec: ClusterExec;
  readonly calls: readonly LoggedCall[];
}

export async function openExec(
  kubeconfig: string,
  { timing, ...globals }: Partial<KubeGlobals> & Pick<ExecDeps, 'timing'> = {},
): Promise<ExecUnderTest> {
  const connection = await resolveConnection({ kubeconfig, ...globals }, {});
  const calls: LoggedCall[] = [];
  const exec = connectExec(connection, {
    requestLog: memoryLog(calls),
    clock: systemClock,
    ids: systemIds,
    userAgent: 'conformance',
    ...(timing === undefined ? {} : { timing }),
  });
  return { exec, calls };
}

export interface RanCommand {
  readonly end: ExecEnd;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs a command and keeps what it said. */
export async function runCommand(exec: ClusterExec, request: Partial<ExecRequest>): Promise<RanCommand> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const end = await exec.exec({
    ...TARGET,
    argv: ['echo', 'hi'],
    stdin: Buffer.alloc(0),
    stdout: (chunk) => void stdout.push(chunk),
    stderr: (chunk) => void stderr.push(chunk),
    ...request,
  });
  return { end, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}
