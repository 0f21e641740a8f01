import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from '../e2e/exhibit.js';
import { choices, extentOf } from './extent.js';

/** Two kills a case: one of `collect`, one of the `resume` that follows. */
const KILLS_PER_CASE = 2;
const { size: kills, seed } = extentOf('kills of the program', { full: 200, sample: 4 });
const choose = choices(seed);

const LATER_MS = 15;

/** Calls of one whole collection, and kills that were in time: a run that ends before its kill proves nothing. */
let callsInAll = 0;
let hits = 0;

let user: User;
let sandbox: Sandbox;

beforeAll(async () => {
  const counting = new User();
  const cluster = await counting.sandbox();
  try {
    await counting.run('key', 'new');
    const whole = await counting.run('collect', '--all', '--kubeconfig', cluster.kubeconfigPath);
    expect(whole).toMatchObject({ exitCode: 0 });
    callsInAll = cluster.requests().length;
  } finally {
    await cluster.stop();
    counting.remove();
  }
});
afterAll(() => {
  expect(hits, `kills in time, of ${String(kills)}`).toBeGreaterThanOrEqual(kills / 2);
});

beforeEach(async () => {
  user = new User();
  sandbox = await user.sandbox();
  expect(await user.run('key', 'new')).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

/** Starts the program, waits until the cluster has seen so many calls of it, and kills it a moment later. */
async function runAndKill(...args: string[]): Promise<string | undefined> {
  const before = sandbox.requests().length;
  const [calls, laterMs] = [choose(Math.max(1, callsInAll - before)), choose(LATER_MS)];
  const child = user.start(...args, '--kubeconfig', sandbox.kubeconfigPath);
  let ended = false;
  const end = child.then((result) => {
    ended = true;
    return result;
  });
  await vi.waitUntil(() => ended || sandbox.requests().length - before >= calls, { timeout: 60_000, interval: 1 });
  setTimeout(() => child.kill('SIGKILL'), laterMs);
  const { signal } = await end;
  if (signal === 'SIGKILL') hits += 1;
  return signal;
}

/** Path and digest of every item that is committed: its line stands in the ledger of the exhibit, and ends. */
function committed(): Map<string, string> {
  const cases = join(user.home, 'cases');
  const found = new Map<string, string>();
  for (const name of existsSync(cases) ? readdirSync(cases, { recursive: true, encoding: 'utf8' }) : []) {
    if (!/^[^/]+\/exhibits\/[^/]+\/items\.jsonl$/.test(name)) continue;
    const lines = readFileSync(join(cases, name), 'utf8').split('\n').slice(0, -1);
    for (const { path, sha256 } of lines.map((line) => JSON.parse(line) as { path: string; sha256: string }))
      found.set(path, sha256);
  }
  return found;
}

/** Goes on where the killed run was; where it had not begun, or had ended, says so. */
async function finish(held: ReadonlyMap<string, string>): Promise<void> {
  const resumed = await user.json('resume', '--kubeconfig', sandbox.kubeconfigPath);
  if (resumed.exitCode === 0) return;
  const { code } = resumed.document['error'] as { code: string };
  if (held.size === 0) {
    expect(await user.run('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath)).toMatchObject({ exitCode: 0 });
    return;
  }
  expect(code).toBe('NOTHING_TO_RESUME');
}

/** Path -> SHA-256 of the payload that a sealed archive lists. */
function manifestOf(archivePath: string): Map<string, string> {
  const tar = gunzipSync(readFileSync(archivePath));
  let at = 0;
  for (;;) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const sizeBytes = parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    if (name === '') throw new Error('no manifest in the archive');
    if (name.endsWith('/manifest-sha256.txt')) {
      const lines = tar.toString('latin1', at + 512, at + 512 + sizeBytes).trimEnd();
      return new Map(lines.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
    }
    at += 512 + Math.ceil(sizeBytes / 512) * 512;
  }
}

describe('kill -9 of the program at any moment', () => {
  it.each(Array.from({ length: kills / KILLS_PER_CASE }, (_, index) => index + 1))(
    'case %i: resume, seal: VERIFIED, and every committed item is there',
    async () => {
      const signals = [(await runAndKill('collect', '--all')) ?? 'nothing'];
      const first = committed();
      signals.push((await runAndKill('resume')) ?? 'nothing');
      const held = new Map([...first, ...committed()]);
      process.stderr.write(`torture: killed by ${signals.join(', ')}; ${String(held.size)} items were committed\n`);
      for (const [path, sha256] of first) expect(held.get(path)).toBe(sha256);
      await finish(held);
      const sealed = await user.json('seal');
      expect(sealed, `killed by ${signals.join(', ')}: ${sealed.stderr}`).toMatchObject({ exitCode: 0 });
      const archivePath = String(sealed.document['archivePath']);
      const receiptPath = String(sealed.document['receiptPath']);
      const verified = await user.json('verify', archivePath, '--receipt', receiptPath);
      expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
      const manifest = manifestOf(archivePath);
      const lost = [...held].filter(([path, sha256]) => manifest.get(path) !== sha256);
      expect(lost).toEqual([]);
      expect(manifest.size).toBeGreaterThanOrEqual(held.size);
    },
  );
});
