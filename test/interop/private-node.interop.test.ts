import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { given, PrivateNode, triedNode } from '../fakes/private-node.js';

const PROJECT = resolve(import.meta.dirname, '../..');
/** In the project, whose packages it imports. */
const folder = mkdtempSync(join(PROJECT, 'node_modules/.exhibit-node-'));
const { node, why } = await triedNode(async () => await PrivateNode.start());

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await node?.remove();
});

/** A command line nobody else has, of a process that its parent leaves behind. */
const leaving = (seconds: string): string[] => [
  'sh',
  '-c',
  `setsid sleep ${seconds} & echo there > left; exec sleep ${seconds}`,
];

function sleeping(seconds: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  });
}

describe.skipIf(node === null)(`a machine within this one${why}`, () => {
  it('takes with it what runs in it, and what that left behind', async () => {
    const on = given(node);
    const seconds = `${String(process.pid)}01`;
    const [program = '', ...args] = leaving(seconds);
    const spawned = on.spawn(program, ...args);
    await expect.poll(() => sleeping(seconds).length, { timeout: 20_000 }).toBe(2);
    await on.end(spawned);
    expect(sleeping(seconds)).toHaveLength(1);
    await on.remove();
    expect(sleeping(seconds)).toEqual([]);
  });

  it('ends with who started it, even by a kill', async () => {
    const seconds = `${String(process.pid)}02`;
    const outfile = join(folder, 'private-node.mjs');
    const entry = join(PROJECT, 'test/fakes/private-node.ts');
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
    const script = `const { PrivateNode } = await import(process.argv[1]);
      const on = await PrivateNode.start();
      on.spawn(...JSON.parse(process.argv[2]));
      console.log(on.folder);
      setInterval(() => {}, 1000);`;
    const argv = ['--input-type=module', '-e', script, outfile, JSON.stringify(leaving(seconds))];
    const starter = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await new Promise<Buffer>((got) => starter.stdout.once('data', got));
    try {
      await expect.poll(() => sleeping(seconds).length, { timeout: 20_000 }).toBe(2);
      starter.kill('SIGKILL');
      await expect.poll(() => sleeping(seconds), { timeout: 20_000 }).toEqual([]);
    } finally {
      starter.kill('SIGKILL');
      rmSync(said.toString().trim(), { recursive: true, force: true });
    }
  });
});
