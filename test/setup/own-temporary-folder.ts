/** Each test file has a temporary folder of its own, and what its tests leave there is removed when it has ended. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

// Short: the path of a socket in it may have no more than 107 bytes.
const folder = mkdtempSync(join(tmpdir(), 't-'));
const before = process.env['TMPDIR'];
// As the folder that it is in: tests run programs as other users, too.
chmodSync(folder, 0o1777);
process.env['TMPDIR'] = folder;

/** What is mounted there is not ours to empty. */
function mountedBelow(): string[] {
  if (process.platform !== 'linux') return [];
  const lines = readFileSync('/proc/self/mounts', 'latin1').split('\n');
  return lines.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${folder}/`));
}

afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  const mounted = mountedBelow();
  if (mounted.length > 0) throw new Error(`left mounted: ${mounted.join(', ')}`);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
