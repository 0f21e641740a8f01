import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExecRequest } from '../../src/ports/cluster-exec.js';
import { failureOf } from './cluster-reader-harness.js';
import { type ExecUnderTest, openExec, runCommand } from './exec-harness.js';

/**
 * What src/ports/cluster-exec.ts promises where nothing goes wrong, with the commands of exec-commands.json. `forbidden` is a kubeconfig
 * of somebody who may read pods and not exec.
 */
export function describeExecContract(
  open: () => Promise<{ readonly kubeconfig: string; readonly forbidden: string }>,
): void {
  let under: ExecUnderTest;
  let forbidden: ExecUnderTest;
  beforeAll(async () => {
    const kubeconfigs = await open();
    under = await openExec(kubeconfigs.kubeconfig);
    forbidden = await openExec(kubeconfigs.forbidden);
  });
  afterAll(() => {
    under.exec.close();
    forbidden.exec.close();
    expect(under.calls.filter((call) => call.end === null)).toEqual([]);
  });
  const run = async (argv: readonly string[], stdin = '', rest: Partial<ExecRequest> = {}) =>
    await runCommand(under.exec, { argv, stdin: Buffer.from(stdin), ...rest });

  it('carries standard input, both outputs and the exit status', async () => {
    const { end, stdout, stderr } = await run(['sh', '-c', 'cat; echo err >&2; exit 3'], 'hello');
    expect(end).toMatchObject({ end: 'complete', exitCode: 3, stdoutBytes: 5, stderrBytes: 4 });
    expect(end.status).toEqual({
      success: false,
      reason: 'NonZeroExitCode',
      message: 'command terminated with non-zero exit code: command terminated with exit code 3',
    });
    expect([stdout.toString(), stderr.toString()]).toEqual(['hello', 'err\n']);
  });

  it('knows success', async () => {
    const { end, stdout } = await run(['echo', 'hi']);
    expect(end).toMatchObject({ end: 'complete', exitCode: 0, detail: 'status frame: Success', stderrBytes: 0 });
    expect(end.status?.success).toBe(true);
    expect(stdout.toString()).toBe('hi\n');
    expect(Date.parse(end.firstByteAt ?? '')).toBeLessThanOrEqual(Date.parse(end.lastByteAt ?? ''));
  });

  it('changes no byte on the way', async () => {
    const { stdout } = await run(['sh', '-c', "printf 'a\\000\\377\\ncaf\\303\\251'"]);
    expect(stdout).toEqual(Buffer.from('6100ff0a636166c3a9', 'hex'));
  });

  it('takes what comes in several messages for one stream', async () => {
    const { end, stdout } = await run(['sh', '-c', 'head -c 33000 /dev/zero']);
    expect(end).toMatchObject({ end: 'complete', exitCode: 0, stdoutBytes: 33_000 });
    expect(stdout.equals(Buffer.alloc(33_000))).toBe(true);
  });

  it('closes standard input, so that a program that reads to its end does end', async () => {
    const { stdout } = await run(['wc', '-c'], '0123456789'.repeat(7000));
    expect(stdout.toString()).toBe('70000\n');
  });

  it('hands arguments over as they are', async () => {
    const { stdout } = await run(['echo', "it's", 'a&b=c', 'ä 中%20+']);
    expect(stdout.toString()).toBe("it's a&b=c ä 中%20+\n");
  });

  it('tells a program that was killed', async () => {
    expect((await run(['sh', '-c', 'kill -9 $$'])).end).toMatchObject({ end: 'complete', exitCode: 137 });
  });

  it('tells a program that is not there from one that failed', async () => {
    const { end } = await run(['no-such-program']);
    expect(end).toMatchObject({ end: 'complete', exitCode: null, stdoutBytes: 0, status: { reason: 'InternalError' } });
    expect(end.detail).toContain('executable file not found');
  });

  it.each([
    ['a pod that is not there', { pod: 'nope' }, 'TARGET_GONE', 'pods "nope" not found'],
    ['a namespace that is not there', { namespace: 'nope' }, 'TARGET_GONE', 'pods "mixed" not found'],
    [
      'a container that is not there',
      { container: 'nope' },
      'CLUSTER_REFUSED',
      'container nope is not valid for pod mixed',
    ],
  ] as const)('refuses %s in the words of the server', async (_what, where, code, words) => {
    const failure = await failureOf(run(['echo', 'hi'], '', where));
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).toContain(words);
    expect(under.calls.at(-1)?.end).toMatchObject({ error: null, sizeBytes: 0 });
  });

  it('refuses who may not, and says which right it takes', async () => {
    const failure = await failureOf(runCommand(forbidden.exec, {}));
    expect(failure).toMatchObject({ code: 'CLUSTER_FORBIDDEN', subject: 'exhibit-quiet/mixed/silent' });
    expect((failure as Error).message).toMatch(
      /^The API server refuses get of pods\/exec \(403\): .*cannot get resource "pods\/exec"/,
    );
    expect(forbidden.calls.map((call) => call.end?.status)).toEqual([403]);
  });

  it('logs each call once, with the audit id that it carried and the certificate of the server', async () => {
    const { end } = await run(['sh', '-c', 'cat; echo err >&2; exit 3'], 'hello');
    const logged = under.calls.filter((call) => call.start.auditIdSent === end.auditId);
    expect(logged).toHaveLength(1);
    expect(logged[0]?.start.method).toBe('GET');
    expect(logged[0]?.start.url).toMatch(
      /\/api\/v1\/namespaces\/exhibit-quiet\/pods\/mixed\/exec\?command=sh&command=-c&/,
    );
    expect(logged[0]?.end).toMatchObject({ status: 101, sizeBytes: 9, sha256: null, error: null });
    expect(logged[0]?.end?.tlsPeerSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('runs several at once', async () => {
    const commands = [
      ['echo', 'hi'],
      ['sh', '-c', 'head -c 33000 /dev/zero'],
      ['sh', '-c', 'kill -9 $$'],
    ];
    const ends = await Promise.all([run(commands[0] ?? []), run(commands[1] ?? []), run(commands[2] ?? [])]);
    expect(ends.map(({ end }) => end.exitCode)).toEqual([0, 0, 137]);
  });

  it('throws what a consumer throws, at once or later', async () => {
    const own = new Error('no room');
    const atOnce = {
      stdout: () => {
        throw own;
      },
    };
    const later = {
      stdout: async () => {
        await Promise.resolve();
        throw own;
      },
    };
    for (const consumer of [atOnce, later]) {
      expect(await failureOf(run(['echo', 'hi'], '', consumer))).toBe(own);
      expect(under.calls.at(-1)?.end?.error).toBe('the receiver of the bytes failed');
    }
  });

  it('does not begin when it is interrupted before', async () => {
    const signal = AbortSignal.abort();
    expect(await failureOf(run(['echo', 'hi'], '', { signal }))).toMatchObject({ code: 'INTERRUPTED' });
  });
}
