import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';

const { outputFiles } = buildSync({
  entryPoints: [fileURLToPath(new URL('bound-heap.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  write: false,
});
const bound = outputFiles[0]?.text ?? '';

/**
 * Largest size of the space for new objects while a process of its own makes many of them, in MB. Most die young, as the pieces of a stream
 * do: where most live on, V8 13 takes more than the space's limit for as long as it moves them.
 */
function youngMegabytes(command: string): number {
  const script = `${bound}
    module.exports.boundHeap(['${command}']);
    const kept = [];
    let most = 0;
    for (let turn = 0; turn < 2_000_000; turn += 1) {
      kept[turn % 20_000] = { turn, text: 'x' + turn };
      if (turn % 50_000 !== 0) continue;
      const young = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
      most = Math.max(most, young.space_size);
    }
    process.stdout.write(String(most / 1e6));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return Number(stdout);
}

/** Largest size of the space for old objects while a process of its own drops what it kept again and again, in MB. */
function oldMegabytes(command: string): number {
  const script = `${bound}
    module.exports.boundHeap(['${command}']);
    let kept = [];
    let most = 0;
    for (let turn = 0; turn < 3_000_000; turn += 1) {
      kept.push({ turn, text: 'x' + turn });
      if (turn % 1_000 !== 0) continue;
      if (kept.length > 100_000) kept = [];
      const old = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'old_space');
      most = Math.max(most, old.space_used_size);
    }
    process.stdout.write(String(most / 1e6));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return Number(stdout);
}

describe('boundHeap', () => {
  it('lets old objects that are dead pile up less where an archive is verified', () => {
    const [verify, help] = [oldMegabytes('verify'), oldMegabytes('help')];
    expect(verify).toBeLessThan(help * 0.9);
  });

  it('keeps the space for new objects under 16 MiB where archives are streamed, and leaves it alone elsewhere', () => {
    expect(youngMegabytes('verify')).toBeLessThan(16.7);
    expect(youngMegabytes('help')).toBeGreaterThan(16.8);
  });
});
