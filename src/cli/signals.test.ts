import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

const PROGRAM = `
import { listenForInterruption } from ${JSON.stringify(join(import.meta.dirname, 'signals.ts'))};
const alive = setInterval(() => {}, 1000);
const interruption = listenForInterruption({
  onSoft: (name) => { console.log('soft ' + name); },
  onHard: () => { console.log('hard'); },
  exit: (code) => process.exit(code),
});
interruption.signal.addEventListener('abort', () => {
  console.log('aborted ' + interruption.signal.reason.code + ' ' + (interruption.reason() === interruption.signal.reason));
  if (process.argv[2] === 'polite') {
    clearInterval(alive);
    interruption.dispose();
    process.exitCode = interruption.reason().exitCode;
  }
});
console.log('ready');
`;

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-signals-'));
  writeFileSync(join(folder, 'main.ts'), PROGRAM);
  program = join(folder, 'main.mjs');
  buildSync({
    entryPoints: [join(folder, 'main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Sends the next signal whenever another line was printed; resolves with the lines and how the process ended. */
async function run(
  mode: string,
  signals: readonly NodeJS.Signals[],
): Promise<{ lines: string[]; code: number | null; signal: string | null }> {
  const child = spawn(process.execPath, [program, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const left = [...signals];
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const settled = text.endsWith('ready\n') || /aborted .*\n$/.test(text);
    const next = settled ? left.shift() : undefined;
    if (next !== undefined) child.kill(next);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { lines: text.trim().split('\n'), code, signal };
}

describe('signals', () => {
  it('abort at the first SIGINT and leave the end to the command: exit 130', async () => {
    expect(await run('polite', ['SIGINT'])).toEqual({
      lines: ['ready', 'soft SIGINT', 'aborted INTERRUPTED true'],
      code: 130,
      signal: null,
    });
  });

  it('abort at SIGTERM with exit 143', async () => {
    expect(await run('polite', ['SIGTERM'])).toEqual({
      lines: ['ready', 'soft SIGTERM', 'aborted TERMINATED true'],
      code: 143,
      signal: null,
    });
  });

  it('end the process at the second signal, whatever still runs', async () => {
    const ended = await run('stubborn', ['SIGINT', 'SIGINT']);
    expect(ended).toEqual({
      lines: ['ready', 'soft SIGINT', 'aborted INTERRUPTED true', 'hard'],
      code: 130,
      signal: null,
    });
  });
});
