import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ExhibitError } from '../model/errors.js';
import type { NodeCommand } from '../ports/node-access.js';
import type { FarExec, StartFar } from './far-exec.js';
import { runFarScript, type FarSide } from './run-far-script.js';

const UUID = '01234567-89ab-4cde-8f01-23456789abcd';
const NONCE = UUID.replaceAll('-', '');
const BODY = Buffer.from('what the node says');
const DIGEST = createHash('sha256').update(BODY).digest('hex');

const ending = (status: string, digest = DIGEST, nonce = NONCE): Buffer =>
  Buffer.from(`\nexhibit-end/1 ${nonce} ${status} ${digest}\n`);

function farSide(start: StartFar): FarSide {
  const clock = { nowMs: () => 1_800_000_000_000, monoUs: () => 0, bootId: () => 'b' };
  return { start, root: '/host', proc: '/proc', clock, ids: { uuid: () => UUID, token: () => 'a' } };
}

/** A far side that sends the body, then says what it is told to on standard error, then is over. */
const saying =
  (...said: Buffer[]): StartFar =>
  async (exec) => {
    await exec.stdout(Buffer.from(BODY));
    for (const chunk of said) exec.stderr(chunk);
    return { detail: 'exit 0', auditId: 'audit-1' };
  };

async function run(start: StartFar, command: Partial<NodeCommand> = {}) {
  const chunks: Buffer[] = [];
  const consumer = { chunk: (bytes: Buffer) => void chunks.push(bytes) };
  const end = await runFarScript({ name: 'test', script: ':', ...command }, farSide(start), consumer);
  return { end, body: Buffer.concat(chunks) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the end of a far script', () => {
  it('is believed with nonce, status and the digest of what arrived', async () => {
    const { end, body } = await run(saying(Buffer.from('a complaint'), ending('3')));
    expect(body).toEqual(BODY);
    expect(end).toMatchObject({
      end: 'complete',
      exitStatus: 3,
      farSha256: DIGEST,
      sha256: DIGEST,
      auditId: 'audit-1',
    });
    expect(end.stderr).toBe('a complaint');
  });

  it('may arrive in pieces', async () => {
    const bytes = [...ending('0')].map((byte) => Buffer.from([byte]));
    expect((await run(saying(...bytes))).end.end).toBe('complete');
  });

  it.each([
    ['no end line', []],
    ['another nonce', [ending('0', DIGEST, 'f'.repeat(32))]],
    ['words behind it', [ending('0'), Buffer.from('more')]],
    ['no status', [ending('')]],
    ['a status that is none', [ending('0x0')]],
    ['a digest that is cut', [ending('0', DIGEST.slice(1))]],
    ['half of it', [ending('0').subarray(0, 60)]],
  ])('is cut with %s', async (_what, said) => {
    const { end } = await run(saying(...said));
    expect(end).toMatchObject({ end: 'cut', exitStatus: null, farSha256: null, sizeBytes: BODY.length });
    expect(end.endDetail).toContain('exit 0');
  });

  it('is corrupt when other bytes arrived than were sent', async () => {
    const { end } = await run(saying(ending('0', '0'.repeat(64))));
    expect(end).toMatchObject({ end: 'corrupt', exitStatus: 0, sha256: DIGEST, farSha256: '0'.repeat(64) });
  });

  it('is corrupt when a byte is missing, doubled or turned on the way', async () => {
    for (const spoilt of [
      BODY.subarray(1),
      Buffer.concat([BODY, BODY.subarray(0, 1)]),
      Buffer.from('What the node says'),
    ]) {
      const { end } = await run(async (exec) => {
        await exec.stdout(Buffer.from(spoilt));
        exec.stderr(ending('0'));
        return { detail: 'exit 0', auditId: null };
      });
      expect(end.end).toBe('corrupt');
    }
  });
});

describe('a consumer that hashes what it keeps', () => {
  const keeping = (keep: (bytes: Buffer) => Buffer) => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    return {
      chunk: (bytes: Buffer) => {
        const kept = keep(bytes);
        hash.update(kept);
        sizeBytes += kept.length;
      },
      kept: () => ({ sha256: hash.copy().digest('hex'), sizeBytes }),
    };
  };
  const runWith = async (keep: (bytes: Buffer) => Buffer, far = saying(ending('0'))) =>
    await runFarScript({ name: 'test', script: ':' }, farSide(far), keeping(keep));

  it('is believed when the far side has the same digest', async () => {
    const end = await runWith((bytes) => bytes);
    expect(end).toMatchObject({ end: 'complete', sha256: DIGEST, farSha256: DIGEST, sizeBytes: BODY.length });
  });

  it.each([
    ['other bytes', (bytes: Buffer) => Buffer.from(bytes).fill('x', 0, 1)],
    ['fewer bytes', (bytes: Buffer) => bytes.subarray(1)],
    ['more bytes', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ])('is corrupt when it kept %s', async (_what, keep) => {
    const end = await runWith(keep);
    expect(end).toMatchObject({ end: 'corrupt', farSha256: DIGEST });
    expect(end.sha256).not.toBe(DIGEST);
  });

  it('is corrupt when it says the right digest of another number of bytes', async () => {
    const consumer = { chunk: () => undefined, kept: () => ({ sha256: DIGEST, sizeBytes: BODY.length - 1 }) };
    const end = await runFarScript({ name: 'test', script: ':' }, farSide(saying(ending('0'))), consumer);
    expect(end).toMatchObject({ end: 'corrupt', endDetail: 'not all of the bytes that arrived were kept' });
  });

  it('makes nothing complete that the far side did not end', async () => {
    expect((await runWith((bytes) => bytes, saying())).end).toBe('cut');
  });
});

it('makes a transport wait for no consumer that does not ask for it', async () => {
  const answers: unknown[] = [];
  const consumer = { chunk: (bytes: Buffer) => (bytes.length > 1 ? Promise.resolve() : undefined) };
  const far = farSide(async (exec) => {
    answers.push(exec.stdout(Buffer.from('a')), exec.stdout(Buffer.from('bc')));
    await answers[1];
    exec.stderr(ending('0', createHash('sha256').update('abc').digest('hex')));
    return { detail: 'exit 0', auditId: null };
  });
  expect((await runFarScript({ name: 'test', script: ':' }, far, consumer)).end).toBe('complete');
  expect(answers).toEqual([undefined, expect.any(Promise)]);
});

describe('a transport that fails', () => {
  it('is lost when it says so before anything came', async () => {
    const lost = new ExhibitError('NODE_ACCESS_LOST', 'gone');
    await expect(run(() => Promise.reject(lost))).rejects.toBe(lost);
  });

  it('hands on what the consumer throws', async () => {
    const broken = new Error('disk full');
    const consumer = { chunk: () => Promise.reject(broken) };
    const running = runFarScript({ name: 'test', script: ':' }, farSide(saying(ending('0'))), consumer);
    await expect(running).rejects.toBe(broken);
  });

  it('hands on what the consumer throws at once', async () => {
    const broken = new Error('disk full');
    const consumer = {
      chunk: () => {
        throw broken;
      },
    };
    const running = runFarScript({ name: 'test', script: ':' }, farSide(saying(ending('0'))), consumer);
    await expect(running).rejects.toBe(broken);
  });

  it('that does not let go when it is told to is let go', async () => {
    vi.useFakeTimers();
    const never: StartFar = () => new Promise(() => undefined);
    const running = run(never, { timeoutMs: 1000 });
    await vi.advanceTimersByTimeAsync(11_500);
    expect((await running).end).toMatchObject({ end: 'timeout', sizeBytes: 0, exitStatus: null });
  });

  /** So many bytes every so often, for ever. */
  const dripping =
    (sizeBytes: number, everyMs: number, to: 'stdout' | 'stderr'): StartFar =>
    async (exec) => {
      while (!exec.signal.aborted) {
        await exec[to](Buffer.alloc(sizeBytes, 'x'));
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
      throw exec.signal.reason as Error;
    };

  it('that is silent is ended', async () => {
    vi.useFakeTimers();
    const running = run(async (exec) => {
      await exec.stdout(Buffer.from('begun\n'));
      return await new Promise(() => undefined);
    });
    await vi.advanceTimersByTimeAsync(71_000);
    expect((await running).end).toMatchObject({ end: 'timeout', sizeBytes: 6, endDetail: 'silent for 60000 ms' });
  });

  it.each(['stdout', 'stderr'] as const)('that drips on %s, and is never silent, is ended', async (to) => {
    vi.useFakeTimers();
    const running = run(dripping(1, 59_000, to));
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    const { end } = await running;
    expect(end.end).toBe('timeout');
    expect(end.endDetail).toMatch(/^only \d+ bytes in \d+ ms$/);
  });

  it('that speaks slowly but has something to say is ended after two hours', async () => {
    vi.useFakeTimers();
    let over = false;
    const running = run(dripping(100, 59_000, 'stdout')).finally(() => (over = true));
    await vi.advanceTimersByTimeAsync(119 * 60_000);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    expect((await running).end).toMatchObject({ end: 'timeout', endDetail: 'not at its end after 7200000 ms' });
  });

  it('that complains without end is ended', async () => {
    const complaining: StartFar = async ({ stderr, signal }: FarExec) => {
      const chunk = Buffer.alloc(1024 * 1024, 'e');
      while (!signal.aborted) stderr(chunk);
      await Promise.resolve();
      throw signal.reason as Error;
    };
    const { end } = await run(complaining);
    expect(end).toMatchObject({ end: 'limit', sizeBytes: 0 });
    expect(end.stderr.length).toBeLessThanOrEqual(65_536);
  });

  it('counts silence only while its bytes are not in our hands', async () => {
    vi.useFakeTimers();
    const consumer = { chunk: async () => await new Promise<void>((resolve) => setTimeout(resolve, 90_000)) };
    const running = runFarScript(
      { name: 'test', script: ':', idleTimeoutMs: 1000 },
      farSide(saying(ending('0'))),
      consumer,
    );
    await vi.advanceTimersByTimeAsync(90_001);
    expect((await running).end).toBe('complete');
  });
});

it('tells the far side script, root and arguments, each by itself', async () => {
  let seen: FarExec | undefined;
  await run(
    async (exec) => {
      seen = exec;
      return await saying(ending('0'))(exec);
    },
    { script: 'cat', args: ['$(id)'], stdin: Buffer.from([0, 1]) },
  );
  expect(seen?.argv.slice(3)).toEqual(['exhibit', NONCE, '3', '/host', '/proc', '$(id)']);
  expect(seen?.stdin).toEqual(Buffer.from('cat\0\x01'));
  expect(seen?.argv[2]).not.toContain('cat\n');
});
