/** Exec against everything that can go wrong between a program and us. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExecRequest } from '../../src/ports/cluster-exec.js';
import type { ExecFrame } from '../../src/sandbox/exec-recording.js';
import type { Fault } from '../../src/sandbox/fault.js';
import { statusFrame } from '../../src/sandbox/play-exec.js';
import type { ExecPlay } from '../../src/sandbox/upgrade-server.js';
import { failureOf } from './cluster-reader-harness.js';
import { type ExecUnderTest, openExec, type RanCommand, runCommand } from './exec-harness.js';
import { openSandbox, type SandboxUnderTest } from './sandbox-client.js';

const path = /\/exec\?/;
const TIMING = { pingMs: 20, deadPeerMs: 1000, closeMs: 50 };
/** 100 messages of 1,000 bytes, and an exit status. */
const HUNDRED: ExecPlay = () => [
  ...Array.from({ length: 100 }, () => ({ channel: 1, bytes: Buffer.alloc(1000, 'x') })),
  statusFrame(0),
];

let sandbox: SandboxUnderTest | undefined;
afterEach(async () => {
  await sandbox?.stop();
  sandbox = undefined;
});

async function suffer(faults: readonly Fault[], exec: ExecPlay = HUNDRED): Promise<ExecUnderTest> {
  sandbox = await openSandbox({ faults, exec });
  return await openExec(sandbox.kubeconfigPath, { timing: TIMING });
}

async function outcome(
  fault: object,
  request: Partial<ExecRequest> = {},
): Promise<RanCommand & { error: string | null }> {
  const { exec, calls } = await suffer([{ ...fault, path } as Fault]);
  const ran = await runCommand(exec, request);
  expect(calls).toHaveLength(1);
  return { ...ran, error: calls[0]?.end?.error ?? null };
}

describe('a program that does not end as it should', () => {
  it('is cut without a status frame, though everything came and the connection was closed well', async () => {
    const { end, stdout, error } = await outcome({ kind: 'exec-no-status' });
    expect(end).toMatchObject({ end: 'cut', status: null, exitCode: null, stdoutBytes: 100_000 });
    expect(end.detail).toBe('connection ended without a status frame (1000)');
    expect(stdout).toHaveLength(100_000);
    expect(error).toBe(`cut: ${end.detail}`);
  });

  it('is cut when the connection breaks in the middle, with what came before', async () => {
    const { end } = await outcome({ kind: 'exec-cut', afterBytes: 12_500 });
    expect(end).toMatchObject({ end: 'cut', status: null, stdoutBytes: 12_500 });
  });

  it('can claim success with bytes missing: the frame is believed, the digest of the far side must tell', async () => {
    const { end } = await outcome({ kind: 'exec-early-success', afterBytes: 12_500 });
    expect(end).toMatchObject({ end: 'complete', exitCode: 0, stdoutBytes: 12_500 });
  });

  it('is ended when it is silent, though the peer answers', async () => {
    const { end, error } = await outcome({ kind: 'exec-silent', afterBytes: 5000 }, { idleTimeoutMs: 2500 });
    expect(end).toMatchObject({ end: 'timeout', detail: 'silent for 2500 ms', stdoutBytes: 5000 });
    expect(error).toBe('timeout: silent for 2500 ms');
  });

  it('is ended when the peer is dead, long before the program may be silent', async () => {
    const { end } = await outcome({ kind: 'exec-dead', afterBytes: 5000 }, { idleTimeoutMs: 3_600_000 });
    expect(end).toMatchObject({ end: 'timeout', detail: 'the peer answered no ping for 1000 ms', stdoutBytes: 5000 });
  });

  it('goes on for ever until we end it', async () => {
    const abort = new AbortController();
    let size = 0;
    const { end } = await outcome(
      { kind: 'exec-endless' },
      {
        signal: abort.signal,
        stdout: (chunk) => {
          size += chunk.length;
          if (size > 50 * 1024 * 1024) abort.abort();
        },
      },
    );
    expect(end).toMatchObject({ end: 'aborted', stdoutBytes: size });
  });

  it('is left when it ends and its connection does not', async () => {
    const { end } = await outcome({ kind: 'exec-stays-open' });
    expect(end).toMatchObject({ end: 'complete', exitCode: 0, stdoutBytes: 100_000 });
  });
});

describe('a peer that breaks the protocol', () => {
  it.each([
    ['channel', 'a message on channel 9'],
    ['text', 'a message that is not of the protocol'],
    ['empty', 'a message that is not of the protocol'],
    ['huge', 'Max payload size exceeded'],
  ] as const)('is left: %s', async (what, words) => {
    const { end, error } = await outcome({ kind: 'exec-garbage', what });
    expect(end).toMatchObject({ end: 'protocol', status: null, exitCode: null });
    expect(end.detail).toContain(words);
    expect(error).toContain('protocol: ');
  });

  it.each([
    ['no JSON', '{"status":'],
    ['another object', '{"kind":"Pod"}'],
    ['a status of its own', '{"status":"Maybe"}'],
    ['an array', '["Success"]'],
    ['too long', `{"status":"Success","message":"${'x'.repeat(70_000)}"}`],
  ])('is left: a status frame that is %s', async (_what, text) => {
    const { end } = await outcome({ kind: 'exec-status', text });
    expect(end).toMatchObject({ end: 'protocol', status: null, exitCode: null, stdoutBytes: 100_000 });
  });

  it('is left when it says twice how it ended', async () => {
    const { end } = await outcome({ kind: 'exec-status', text: '{"status":"Success"}', repeated: 2 });
    expect(end).toMatchObject({ end: 'protocol' });
    expect(end.detail).toContain('a second status frame');
  });

  it.each(['0', '-1', '1e3', '99999999999', '\u0661', ''])('cannot make %j an exit code', async (code) => {
    const causes = [{ reason: 'ExitCode', message: code }];
    const text = JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } });
    expect((await outcome({ kind: 'exec-status', text })).end).toMatchObject({ end: 'complete', exitCode: null });
  });

  it('cannot move the cursor by what it says', async () => {
    const text = JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'a\u001b[2Jb\nc' });
    const { end } = await outcome({ kind: 'exec-status', text });
    expect(end.detail).not.toMatch(/[\u0000-\u001f]/);
    expect(end.status?.message).toBe('a\u001b[2Jb\nc');
  });
});

describe('an upgrade that is refused', () => {
  it.each([
    [403, 'CLUSTER_REFUSED', 'forbidden: not with this identity'],
    [404, 'TARGET_GONE', 'the server could not find the requested resource'],
    [500, 'CLUSTER_REFUSED', 'etcdserver: request timed out'],
    [503, 'CLUSTER_REFUSED', 'the server is currently unable'],
  ] as const)('tells %i as %s', async (status, code, words) => {
    const { exec, calls } = await suffer([{ kind: 'status', status, path }]);
    const failure = await failureOf(runCommand(exec, {}));
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).toContain(words);
    expect(calls.map((call) => call.end?.status)).toEqual([status]);
  });

  it('renews the credential once after 401', async () => {
    const { exec, calls } = await suffer([{ kind: 'status', status: 401, path, times: 1 }]);
    expect((await runCommand(exec, {})).end.end).toBe('complete');
    expect(calls.map((call) => call.end?.status)).toEqual([401, 101]);
    expect(calls[0]?.start.auditIdSent).not.toBe(calls[1]?.start.auditIdSent);
  });

  it('gives up after a second 401', async () => {
    const { exec, calls } = await suffer([{ kind: 'status', status: 401, path }]);
    expect(await failureOf(runCommand(exec, {}))).toMatchObject({ code: 'CLUSTER_UNAUTHENTICATED' });
    expect(calls.map((call) => call.end?.status)).toEqual([401, 401]);
  });

  it.each([
    ['a redirect, which is not followed', { kind: 'redirect', location: 'https://127.0.0.1:1/' }, 302],
    ['a page for people', { kind: 'html' }, 200],
    ['a refusal that is not of the API', { kind: 'kubelet-sentence', sentence: 'no' }, 200],
  ] as const)('takes %s for no API server', async (_what, fault, status) => {
    const { exec, calls } = await suffer([{ ...fault, path }]);
    expect(await failureOf(runCommand(exec, {}))).toMatchObject({ code: 'CLUSTER_PROTOCOL' });
    expect(calls.map((call) => call.end?.status)).toEqual([status]);
  });

  it('waits no longer than it was told for a server that never answers', async () => {
    sandbox = await openSandbox({ faults: [{ kind: 'no-answer', path }] });
    const { exec, calls } = await openExec(sandbox.kubeconfigPath, { requestTimeoutMs: 200 });
    expect(await failureOf(runCommand(exec, {}))).toMatchObject({ code: 'TIMEOUT' });
    expect(calls[0]?.end).toMatchObject({ status: null, error: 'first-byte-timeout: no answer within 200 ms' });
  });

  it('tells a connection that is torn down, and does not try again', async () => {
    const { exec, calls } = await suffer([{ kind: 'reset', path }]);
    expect(await failureOf(runCommand(exec, {}))).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.end?.status).toBe(null);
  });

  it('sends nothing to a server whose certificate is not the right one', async () => {
    const { exec } = await suffer([{ kind: 'bad-tls', certificate: 'unknown-authority' }]);
    expect(await failureOf(runCommand(exec, {}))).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(sandbox?.requests()).toEqual([]);
  });
});

describe('back-pressure', () => {
  const PIECE = Buffer.alloc(32 * 1024, 'p');
  const PIECES = 2048;

  /** 64 MiB, with a count of what was taken from the program. */
  function counted(): { readonly exec: ExecPlay; produced: () => number } {
    let produced = 0;
    const frames = function* (): Generator<ExecFrame> {
      for (; produced < PIECES; produced++) yield { channel: 1, bytes: PIECE };
      yield statusFrame(0);
    };
    return { exec: frames, produced: () => produced };
  }

  it('holds the program back while the consumer has no time, and brings everything afterwards', async () => {
    const { exec: play, produced } = counted();
    const { exec } = await suffer([], play);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const hash = createHash('sha256');
    const running = runCommand(exec, {
      stdout: (chunk) => {
        hash.update(chunk);
        return held;
      },
    });
    let before = -1;
    while (produced() === 0 || produced() !== before) {
      before = produced();
      await pause(100);
    }
    // What the buffers of two sockets hold; the program is at rest long before its end.
    expect(produced()).toBeLessThan(PIECES / 4);
    release();
    const { end } = await running;
    expect(end).toMatchObject({ end: 'complete', exitCode: 0, stdoutBytes: PIECES * PIECE.length });
    const whole = createHash('sha256');
    for (let index = 0; index < PIECES; index++) whole.update(PIECE);
    expect(hash.digest('hex')).toBe(whole.digest('hex'));
  });

  it('hands one chunk over at a time, in order, over both streams', async () => {
    const frames = Array.from({ length: 200 }, (_, index) => ({
      channel: 1 + (index % 2),
      bytes: Buffer.from(`${index};`),
    }));
    const { exec } = await suffer([], () => [...frames, statusFrame(0)]);
    let busy = 0;
    let text = '';
    const take = async (chunk: Buffer): Promise<void> => {
      expect(++busy).toBe(1);
      text += chunk.toString();
      await pause(0);
      busy--;
    };
    const { end } = await runCommand(exec, { stdout: take, stderr: take });
    expect(end.end).toBe('complete');
    expect(text).toBe(frames.map(({ bytes }) => bytes.toString()).join(''));
  });

  it('does not take the time of the consumer for silence or death', async () => {
    const { exec } = await suffer([]);
    let first = true;
    const { end } = await runCommand(exec, {
      idleTimeoutMs: 1000,
      stdout: async () => {
        if (first) await pause(TIMING.deadPeerMs * 2);
        first = false;
      },
    });
    expect(end).toMatchObject({ end: 'complete', stdoutBytes: 100_000 });
  });

  it('loses nothing of what lies unread when the server has ended and the consumer is slow', async () => {
    const { exec } = await suffer([{ kind: 'exec-stays-open', path }]);
    const { end } = await runCommand(exec, { stdout: async () => await pause(3) });
    expect(end).toMatchObject({ end: 'complete', stdoutBytes: 100_000 });
  });

  it('sends a standard input of 16 MiB whole', async () => {
    const { exec } = await suffer([], (_call, stdin) => [
      { channel: 1, bytes: createHash('sha256').update(stdin).digest() },
      statusFrame(0),
    ]);
    const stdin = Buffer.alloc(16 * 1024 * 1024, 'stdin ');
    const { stdout } = await runCommand(exec, { stdin });
    expect(stdout).toEqual(createHash('sha256').update(stdin).digest());
  });
});

it('ends what is under way when it is closed', async () => {
  const { exec } = await suffer([{ kind: 'exec-silent', afterBytes: 1000, path }]);
  const { end } = await runCommand(exec, { stdout: () => exec.close() });
  expect(end).toMatchObject({ end: 'aborted', stdoutBytes: 1000 });
});
