/** What our verifier refuses although every hash fits is refused by the script of VERIFY.md as well, in the Python that a stranger has. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORDS_CHECK } from '../../src/evidence/verify-guide-scripts.js';
import { gzipOf, listBag, packBag, type Bag } from '../fakes/archive-builder.js';
import { IMPOSSIBLE, POSSIBLE } from '../fakes/impossible-archives.js';
import { hasTool, needs } from '../fakes/stock-tools.js';

const hasPython = hasTool('python3');
/** What an earlier block of the guide refuses: tar cannot unpack it. */
const BEFORE_THE_RECORDS = new Set(['a file that is a folder as well']);

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-tampering-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function check(bag: Bag): { readonly status: number | null; readonly stderr: string } {
  listBag(bag);
  const folder = mkdtempSync(join(directory, 'bag-'));
  const archive = `${folder}.tar.gz`;
  writeFileSync(archive, gzipOf(packBag(bag)));
  for (const [path, bytes] of bag.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const args = ['-', bag.root, archive, '', ''];
  return spawnSync('python3', args, { cwd: folder, input: `${RECORDS_CHECK}\n`, encoding: 'utf8' });
}

describe.skipIf(!hasPython)(`the script of VERIFY.md${needs('python3', hasPython)}`, () => {
  it.each(IMPOSSIBLE.filter(({ what }) => !BEFORE_THE_RECORDS.has(what)))('refuses $what', ({ make }) => {
    const { status, stderr } = check(make());
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^the records are not as they must be: |^\w*Error|^Traceback/),
    ]);
  });

  it.each(POSSIBLE)('accepts $what', ({ make }) => {
    expect(check(make())).toMatchObject({ status: 0, stderr: '' });
  });
});
