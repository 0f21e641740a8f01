import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IMAGE_SCRIPT } from './far-scripts.js';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const LATER = '  acquire  Acquire a memory snapshot to a local file';
const EARLIER = 'Usage: avml [OPTIONS] <FILENAME>';
const IMAGE_BYTES = 1_000_000;

let folder: string;
beforeEach(() => {
  // Not below /tmp, which the script hides from itself.
  folder = mkdtempSync('/var/tmp/exhibit-avml-');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the script with a stand-in for avml, which opens its file without following links, writes a megabyte and ends. */
function run({ help, fails = false, status = 0 }: { help: string; fails?: boolean; status?: number }) {
  const program = `#!/bin/sh
case $1 in --help) echo '${help}'; exit;; esac
echo "$@" > '${folder}/arguments'
for file; do :; done
${fails ? 'exit 3' : ''}
[ ! -L "$file" ] || exit 40
head -c ${String(IMAGE_BYTES)} /dev/zero > "$file"
exit ${String(status)}
`;
  writeFileSync(join(folder, 'avml'), program);
  chmodSync(join(folder, 'avml'), 0o755);
  const end = spawnSync('sh', ['-c', IMAGE_SCRIPT], {
    env: { PATH: `${folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    maxBuffer: 2 * IMAGE_BYTES,
    timeout: 15_000,
  });
  return {
    status: end.status,
    sizeBytes: end.stdout.length,
    given: readFileSync(join(folder, 'arguments'), 'utf8').trim(),
  };
}

describe.skipIf(!isRoot)('the image of a memory (skipped without root: only root may make a mount namespace)', () => {
  it.each([
    ['later', LATER, /^acquire( --source \/\S+)? \/tmp\/memory\.lime$/],
    ['earlier', EARLIER, /^(--source \/\S+ )?\/tmp\/memory\.lime$/],
  ])('comes from a %s avml, which may follow no link, and leaves nothing', (_, help, given) => {
    const end = run({ help });
    expect(end).toMatchObject({ status: 0, sizeBytes: IMAGE_BYTES });
    expect(end.given).toMatch(given);
    expect(existsSync('/tmp/memory.lime')).toBe(false);
  });

  it('ends as avml ends, whether it wrote or not', () => {
    expect(run({ help: LATER, status: 7 })).toMatchObject({ status: 7, sizeBytes: IMAGE_BYTES });
    expect(run({ help: LATER, fails: true })).toMatchObject({ status: 3, sizeBytes: 0 });
  });
});

describe.skipIf(isRoot)('the image of a memory (skipped as root: a mount namespace may be made)', () => {
  it('is asked for on standard output where nothing may be hidden', () => {
    expect(run({ help: LATER }).given).toBe('acquire /dev/stdout');
    expect(run({ help: EARLIER }).given).toBe('/dev/stdout');
  });
});
