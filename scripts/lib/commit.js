import { run } from './run.js';

const SHIPPED = ['src', 'bin', 'templates', 'package.json', 'package-lock.json'];

/** The commit that the sources are at, `+modified` behind it when shipped files differ from it, `unknown` without git. */
export async function sourceCommit() {
  const head = await run('git', ['rev-parse', '--verify', 'HEAD'], { capture: true });
  if (head.status !== 0) return 'unknown';
  const changes = await run('git', ['status', '--porcelain', '--', ...SHIPPED], { capture: true });
  if (changes.status !== 0) return 'unknown';
  return head.stdout.trim() + (changes.stdout === '' ? '' : '+modified');
}
