import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { memorySigner, quietIo, SBOM, temporaryStore } from './evidence-case.js';
import { systemClock } from '../../src/lib/clock.js';
import { sealExhibit } from '../../src/evidence/seal-exhibit.js';

/** Bundles the process that is killed; returns the path of its program. */
export async function bundleCrashWriter(): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'crash-writer-')), 'crash-writer.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('crash-writer.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return outfile;
}

/** What a process said before it was killed. */
interface Promised {
  readonly items: Map<string, string>;
  readonly outcomes: Set<string>;
  sealed: boolean;
}

/** Lets the writer run until it has said `ready` and then `afterLines` lines, or has ended by itself; kills it `delayMs` later. */
async function runAndKill(
  options: { program: string; args: string[]; afterLines: number; delayMs: number },
  promised: Promised,
): Promise<void> {
  const child = spawn(process.execPath, [options.program, ...options.args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close');
  let lines = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    const [kind = '', first = '', second = ''] = line.split(' ');
    if (kind === 'item') promised.items.set(first, second);
    if (kind === 'outcome') promised.outcomes.add(first);
    if (kind === 'sealed') promised.sealed = true;
    if (kind === 'ready' || lines >= 0) lines += 1;
    if (lines === options.afterLines) setTimeout(() => child.kill('SIGKILL'), options.delayMs);
  }
  await ended;
  if (child.signalCode !== 'SIGKILL' && child.exitCode !== 0) throw new Error(`the writer failed by itself: ${stderr}`);
}

export interface KillReport {
  readonly rounds: number;
  readonly items: number;
  readonly orphans: number;
  readonly verdict: string;
}

/**
 * Kills a collecting process `rounds` times and a sealing one as often, each at a place that `seed` decides, then seals what is left.
 * Throws when anything is missing that a killed process was promised, when the case cannot be opened, or when the archive does not
 * verify. One run takes a few seconds; test/torture runs many.
 */
export async function killAndRecover(options: {
  readonly program: string;
  readonly seed: number;
  readonly rounds: number;
}): Promise<KillReport> {
  const { program, seed, rounds } = options;
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const home = mkdtempSync(join(tmpdir(), 'exhibit-kill-'));
  const promised: Promised = { items: new Map(), outcomes: new Set(), sealed: false };
  for (let round = 0; round < rounds; round += 1) {
    const args = [home, 'collect', `s${String(seed)}r${String(round)}`];
    await runAndKill({ program, args, afterLines: random(120), delayMs: random(4) }, promised);
  }
  for (let round = 0; round < rounds && !promised.sealed; round += 1) {
    await runAndKill({ program, args: [home, 'seal', '0'], afterLines: 0, delayMs: random(400) }, promised);
  }
  return await check(home, promised, rounds);
}

async function check(home: string, promised: Promised, rounds: number): Promise<KillReport> {
  const { store } = temporaryStore({ home });
  const openCase = await store.open((await store.current()) ?? '');
  try {
    const [first] = openCase.exhibits;
    const directory = join(openCase.directory, 'exhibits', first?.exhibitId ?? '');
    for (const [path, sha256] of promised.items) {
      const found = createHash('sha256')
        .update(readFileSync(join(directory, path)))
        .digest('hex');
      if (found !== sha256) throw new Error(`${path} is not what was promised`);
    }
    const exhibit = await openCase.exhibit();
    if (exhibit === null) return { rounds, items: promised.items.size, orphans: 0, verdict: first?.state ?? 'none' };
    for (const artifact of promised.outcomes)
      if (!exhibit.hasOutcome(artifact)) throw new Error(`${artifact} lost its outcome`);
    const counts = exhibit.counts();
    if (counts.items < promised.items.size) throw new Error('an item was lost');
    const policy = { requireTimestamp: false, requireSigners: 1 };
    const sealed = await sealExhibit({
      openCase,
      exhibit,
      signer: memorySigner(),
      clock: systemClock,
      io: quietIo,
      policy,
      sbom: SBOM,
    });
    const orphans = [...readFileSync(exhibit.layout.custody, 'latin1').matchAll(/"orphans":(\d+)/g)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
    return { rounds, items: counts.items, orphans, verdict: sealed.report.verdict };
  } finally {
    await openCase.release();
  }
}
