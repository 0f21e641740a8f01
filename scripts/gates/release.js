import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sha256Of } from '../lib/files.js';
import { mustRun } from '../lib/run.js';
import { packageRelease } from '../package.js';
import { exercise } from './samples.js';

/** Makes the release twice, compares the bytes, unpacks it where nothing else is, checks its sums and runs it. */
export async function releaseGate(folder) {
  const first = readFileSync(packageRelease());
  const archive = packageRelease();
  if (!first.equals(readFileSync(archive))) return { ok: false, detail: 'two releases of the same sources differ' };
  mkdirSync(folder, { recursive: true });
  await mustRun('tar', ['-xzf', archive, '-C', folder], { capture: true });
  const home = join(folder, basename(archive, '.tar.gz'));
  const lines = readFileSync(join(home, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('  '));
  const wrong = lines.filter(
    ([sha256, path]) => !existsSync(join(home, path)) || sha256Of(readFileSync(join(home, path))) !== sha256,
  );
  if (wrong.length > 0)
    return { ok: false, detail: `SHA256SUMS does not hold for ${wrong.map(([, path]) => path).join(', ')}` };
  const result = await exercise(join(home, 'bin/exhibit'), { cwd: folder });
  const size = `${Math.round(first.length / 1024)} KiB, ${lines.length} files`;
  return { ...result, detail: result.ok ? `${size}; ${result.detail}` : result.detail };
}
