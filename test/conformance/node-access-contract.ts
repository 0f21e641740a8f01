import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeAccess, NodeCommand } from '../../src/ports/node-access.js';

export interface NodeAccessHarness {
  /** Opened without a limit of its rate. */
  open(): Promise<NodeAccess>;
  /** Whether the far side's files are those of this machine, so that a test can look for what a script must not have made. */
  readonly sameFiles: boolean;
}

/** No script ever sees it. */
const MARKER = 'EXHIBIT_CONTRACT_MARKER';

const NASTY_ARGUMENTS = [
  '',
  ' ',
  '-n',
  '--help',
  "a'b",
  'a"b',
  'a\\b\\\\',
  '$HOME $(id) `id` ${IFS}',
  '; exit 9; #',
  'line\nfeed\n',
  '\t*?[a-z]~',
  'gr\u00fc\u00df \u202e\u{1f4a9}',
  "'\\''",
  '%s%n',
];

/**
 * Leaves bytes in the pipe to the `tee` of its own process group, which never hands them on. It is looked for until it is there: the shell
 * starts both at once, and nothing says which of them comes first.
 */
const KILL_THE_COPIER =
  `
group_of() { read -r line 2>/dev/null < "/proc/$1/stat" && set -- $` +
  `{line##*)} && printf %s "$3"; }
own=$(group_of $$)
turn=0
while [ "$turn" -lt 500 ]; do
  turn=$((turn + 1))
  for folder in /proc/[0-9]*; do
    pid=$` +
  `{folder#/proc/}
    read -r name 2>/dev/null < "$folder/comm" || continue
    if [ "$name" = tee ] && [ "$(group_of "$pid")" = "$own" ]; then
      kill -STOP "$pid"; printf lost; kill -KILL "$pid"; exit 0
    fi
  done
done
exit 1
`;

/** What every way to a node must do, whatever carries it. */
export function nodeAccessContract(name: string, harness: NodeAccessHarness): void {
  describe(`the contract of NodeAccess, ${name}`, () => {
    let access: NodeAccess;
    let scratch: string;

    beforeAll(async () => {
      process.env[MARKER] = 'seen';
      scratch = mkdtempSync(join(tmpdir(), 'exhibit-contract-'));
      access = await harness.open();
    });
    afterAll(async () => {
      await access.close();
      rmSync(scratch, { recursive: true, force: true });
      Reflect.deleteProperty(process.env, MARKER);
    });

    async function run(command: Partial<NodeCommand> & { script: string }, onChunk?: (bytes: Buffer) => unknown) {
      const chunks: Buffer[] = [];
      const end = await access.run(
        { name: 'contract', ...command },
        {
          chunk: async (bytes) => {
            chunks.push(Buffer.from(bytes));
            await onChunk?.(bytes);
          },
        },
      );
      return { end, body: Buffer.concat(chunks) };
    }

    it('says what the far side is', () => {
      const { facts } = access;
      expect(facts.tools['tar']).toContain('tar');
      expect(facts.tools['find']).toContain('find');
      expect(facts.self?.nice).toBe('19');
      for (const { reason } of facts.degraded) expect(reason).toMatch(/^[a-z0-9-]+$/);
    });

    it('hands over every byte, with the digest of both ends', async () => {
      const bytes = randomBytes(3_000_001);
      const { end, body } = await run({ script: 'cat', stdin: bytes });
      expect(body.equals(bytes)).toBe(true);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(end).toMatchObject({ end: 'complete', exitStatus: 0, sizeBytes: bytes.length, sha256, farSha256: sha256 });
      expect(end.firstByteAt).toMatch(/^\d{4}-.*Z$/);
    });

    it('hands over nothing, whole', async () => {
      const { end, body } = await run({ script: ':' });
      expect(body).toHaveLength(0);
      expect(end).toMatchObject({ end: 'complete', exitStatus: 0, sizeBytes: 0, firstByteAt: null });
    });

    it.each([0, 1, 7, 126, 255])('keeps the exit status %i', async (status) => {
      const { end } = await run({ script: 'printf x; exit "$1"', args: [String(status)] });
      expect(end).toMatchObject({ end: 'complete', exitStatus: status, sizeBytes: 1 });
    });

    it('tells a script that its shell cannot read by its status', async () => {
      const { end } = await run({ script: 'if then (' });
      expect(end.end).toBe('complete');
      expect(end.exitStatus).not.toBe(0);
      expect(end.stderr).not.toBe('');
    });

    it('gives a script its arguments as they are, and interprets none', async () => {
      const { end, body } = await run({ script: `printf '%s\\0' "$@"`, args: NASTY_ARGUMENTS });
      expect(end.end).toBe('complete');
      expect(body.toString('utf8').split('\0').slice(0, -1)).toEqual(NASTY_ARGUMENTS);
      const made = join(scratch, 'made');
      await run({ script: ':', args: [`$(touch ${made})`, `'; touch ${made}; '`, `\`touch ${made}\``] });
      expect(harness.sameFiles && existsSync(made)).toBe(false);
    });

    it('gives a script its input whole, and bears one that reads none of it', async () => {
      const names = Buffer.from([0x2f, 0xff, 0xfe, 0, 0x0a, 0x2d, 0, 0xc3]);
      expect((await run({ script: 'cat', stdin: names })).body).toEqual(names);
      const { end, body } = await run({ script: 'echo ok', stdin: randomBytes(8 * 1024 * 1024) });
      expect(body.toString()).toBe('ok\n');
      expect(end).toMatchObject({ end: 'complete', exitStatus: 0 });
    });

    it('refuses what is beyond its bounds before anything runs', async () => {
      await expect(run({ script: ':', args: ['a\0b'] })).rejects.toBeInstanceOf(RangeError);
      await expect(run({ script: ':', args: Array.from({ length: 65 }, () => '') })).rejects.toBeInstanceOf(RangeError);
      await expect(run({ script: ':', stdin: Buffer.alloc(16 * 1024 * 1024 + 1) })).rejects.toBeInstanceOf(RangeError);
    });

    it('shows a script the root, and nothing of our environment', async () => {
      const { body } = await run({ script: `printf '%s|' "$ROOT"; env` });
      const text = body.toString();
      expect(text.startsWith(`${access.facts.root}|`)).toBe(true);
      expect(text).toContain('LC_ALL=C');
      expect(text).not.toContain(MARKER);
    });

    it('ends an endless stream at its limit, to the byte', async () => {
      const { end, body } = await run({ script: 'cat /dev/zero', maxBytes: 1_000_001 });
      expect(end).toMatchObject({ end: 'limit', sizeBytes: 1_000_001 });
      expect(body).toHaveLength(1_000_001);
      const exact = await run({ script: 'printf 12345', maxBytes: 5 });
      expect(exact.end).toMatchObject({ end: 'complete', sizeBytes: 5 });
    });

    it('ends a silent script, and one that takes too long', async () => {
      const silent = await run({ script: 'echo begun; sleep 600', idleTimeoutMs: 1500 });
      expect(silent.end).toMatchObject({ end: 'timeout', exitStatus: null });
      const slow = await run({ script: 'while :; do echo x; sleep 0.1; done', timeoutMs: 1500 });
      expect(slow.end).toMatchObject({ end: 'timeout', exitStatus: null });
      expect((await run({ script: 'echo still there' })).end.end).toBe('complete');
    });

    it('stops when it is told to, before and during', async () => {
      const before = await run({ script: 'echo never', signal: AbortSignal.abort() });
      expect(before.end).toMatchObject({ end: 'aborted', sizeBytes: 0 });
      const stop = new AbortController();
      const during = await run({ script: 'echo begun; sleep 600', signal: stop.signal }, () => stop.abort());
      expect(during.end).toMatchObject({ end: 'aborted', sizeBytes: 6 });
    });

    it('throws what its consumer throws, and goes on with the next command', async () => {
      const broken = new Error('the disk is full');
      const failing = run({ script: 'cat /dev/zero' }, () => {
        throw broken;
      });
      await expect(failing).rejects.toBe(broken);
      expect((await run({ script: 'echo still there' })).end.end).toBe('complete');
    });

    it('holds the far side back while its consumer is slow: memory stays flat', async () => {
      const sizeBytes = 256 * 1024 * 1024;
      const before = process.memoryUsage().arrayBuffers;
      const hash = createHash('sha256');
      let most = 0;
      const end = await access.run(
        { name: 'contract', script: 'head -c "$1" /dev/zero', args: [String(sizeBytes)] },
        {
          chunk: async (bytes) => {
            hash.update(bytes);
            await nextTurn();
            most = Math.max(most, process.memoryUsage().arrayBuffers - before);
          },
        },
      );
      expect(end).toMatchObject({ end: 'complete', sizeBytes, sha256: hash.digest('hex') });
      expect(most).toBeLessThan(64 * 1024 * 1024);
    });

    it('calls a far side that was killed cut', async () => {
      const { end } = await run({ script: 'echo begun; kill -9 0' });
      expect(end).toMatchObject({ end: 'cut', exitStatus: null });
      expect(end.endDetail).not.toBeNull();
      expect((await run({ script: 'echo still there' })).end.end).toBe('complete');
    });

    it('calls a stream cut when the copier of its output was killed, although the script ended well', async () => {
      const { end } = await run({ script: KILL_THE_COPIER });
      expect(end).toMatchObject({ end: 'cut', exitStatus: null, farSha256: null });
      expect(end.endDetail).not.toBeNull();
      expect((await run({ script: 'echo still there' })).end.end).toBe('complete');
    });

    it('takes no end line that a script prints for its own', async () => {
      const forged = `\nexhibit-end/1 ${'0'.repeat(32)} 0 ${'0'.repeat(64)}\n`;
      const { end, body } = await run({ script: `printf %s "$1"; printf %s "$1" >&2; exit 3`, args: [forged] });
      expect(body.toString()).toBe(forged);
      expect(end).toMatchObject({ end: 'complete', exitStatus: 3 });
      expect(end.stderr).toContain('exhibit-end/1');
      const cut = await run({ script: `printf %s "$1" >&2; kill -9 0`, args: [forged] });
      expect(cut.end).toMatchObject({ end: 'cut', exitStatus: null, farSha256: null });
    });

    it('keeps the end of a long complaint', async () => {
      const { end } = await run({ script: `head -c 300000 /dev/zero | tr '\\0' e >&2; echo last >&2` });
      expect(end).toMatchObject({ end: 'complete', exitStatus: 0 });
      expect(end.stderr.length).toBeLessThanOrEqual(65_536);
      expect(end.stderr.endsWith('last\n')).toBe(true);
    });

    it('runs several at once without mixing them', async () => {
      const runs = ['a', 'b', 'c', 'd', 'e'].map(async (letter) => {
        const { end, body } = await run({ script: `head -c 400000 /dev/zero | tr '\\0' "$1"`, args: [letter] });
        return end.end === 'complete' && body.equals(Buffer.alloc(400_000, letter));
      });
      expect(await Promise.all(runs)).toEqual([true, true, true, true, true]);
    });

    it('closes, twice', async () => {
      const other = await harness.open();
      await other.close();
      await expect(other.close()).resolves.toBeUndefined();
    });
  });
}
