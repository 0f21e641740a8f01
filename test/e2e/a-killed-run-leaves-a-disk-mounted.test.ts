import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unlessAble } from '../fakes/stock-tools.js';
import { User } from './exhibit.js';

function missing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  try {
    execFileSync('mkfs.ext4', ['-V'], { stdio: 'ignore' });
    execFileSync('losetup', ['--find'], { stdio: 'ignore' });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const reason = missing();
const why = unlessAble(reason);
let user: User;
let image: string;
let running: ReturnType<User['start']> | undefined;

beforeEach(async () => {
  user = new User();
  const root = join(user.directory, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'var/log'), { recursive: true });
  writeFileSync(join(root, 'etc/hostname'), 'worker-3\n');
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\n');
  writeFileSync(join(root, 'var/log/auth.log'), 'x'.repeat(1_000_000));
  image = join(user.directory, 'disk.img');
  execFileSync('mkfs.ext4', ['-q', '-F', '-d', root, image, '16M'], { stdio: 'ignore' });
  await user.run('key', 'new');
});
afterEach(async () => {
  // Where the test failed before it did so: a mount that is in use is not cleaned up.
  running?.kill('SIGKILL');
  await running;
  running = undefined;
  await user.run('cleanup', '--local', '--yes');
  user.remove();
});

/** Mount points of ours over the loop device of this image. */
function mounted(): string[] {
  const devices = execFileSync('losetup', ['--noheadings', '--output', 'NAME', '--associated', image], {
    encoding: 'utf8',
  });
  const lines = readFileSync('/proc/self/mounts', 'latin1').split('\n');
  return devices
    .split('\n')
    .filter((device) => device.trim() !== '')
    .flatMap((device) => lines.filter((line) => line.startsWith(`${device.trim()} `)))
    .map((line) => line.split(' ')[1] ?? '');
}

/** The way to the disk is open, and on record. */
function isReading(): boolean {
  const cases = join(user.home, 'cases');
  if (!existsSync(cases)) return false;
  return readdirSync(cases, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('custody.jsonl'))
    .some((name) => readFileSync(join(cases, name), 'utf8').includes('"phase":"node-access"'));
}

describe.skipIf(reason !== null)(`a run that is killed while it reads a disk image${why}`, () => {
  it('leaves it mounted; cleanup says so, and unmounts it', async () => {
    // So slowly that it is killed long before its end.
    running = user.start('collect', '--disk', image, '--profile', 'full', '--node-rate', '1Ki');
    // Mounted before, too, for its name; then to be read.
    await expect.poll(() => (isReading() ? mounted() : []), { timeout: 60_000 }).toHaveLength(1);
    const [point = 'none'] = mounted();
    // What somebody still reads is not left behind.
    const busy = await user.json('cleanup', '--local', '--verify');
    expect(JSON.stringify(busy.document)).not.toContain(point);
    expect(mounted()).toEqual([point]);
    running.kill('SIGKILL');
    await running;

    const left = await user.json('cleanup', '--local', '--verify');
    expect(left).toMatchObject({ exitCode: 4, document: { verdict: 'left', server: null, found: [] } });
    expect(left.document).toMatchObject({ mounts: { left: expect.arrayContaining([point]) as string[] } });
    expect(mounted()).toEqual([point]);

    const cleaned = await user.json('cleanup', '--local', '--no-input');
    expect(cleaned).toMatchObject({ exitCode: 0, document: { verdict: 'nothing-left', mounts: { left: [] } } });
    expect(mounted()).toEqual([]);
    expect((await user.json('cleanup', '--local', '--verify')).exitCode).toBe(0);
  });
});
