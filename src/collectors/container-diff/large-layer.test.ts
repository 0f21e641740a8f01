import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { isRoot, OverlayContainer } from '../../../test/fakes/overlay-container.js';
import { diffEntriesOf, diffOverlay, diffSourceOf, DIFF_FOLDER, DIFF_KEY } from '../../../test/fakes/overlay-diff.js';
import { chooseLeftOut } from './choose-left-out.js';
import type { ListedEntry } from './listing.js';

const GIB = 2 ** 30;
const made: OverlayContainer[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

function file(path: string, sizeBytes: number): ListedEntry {
  const times = { atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n, btimeNs: null };
  const owner = { mode: 0o644, uid: 0, gid: 0, nlink: 1, linkTarget: '' };
  return { path, type: 'file', sizeBytes, allocatedBytes: sizeBytes, inode: path, device: '1', ...owner, ...times };
}

describe('a layer of 50 GB', () => {
  it('leaves out as few files as make the rest fit, the largest first, and names each', () => {
    const dumps = Array.from({ length: 9 }, (_, index) => file(`dump-${index}`, (5 + index / 10) * GIB));
    const small = Array.from({ length: 20_000 }, (_, index) => file(`small-${index}`, 100_000));
    const leftOut = chooseLeftOut([...small, ...dumps], 4 * GIB);
    expect([...leftOut]).toEqual(dumps.map(({ path }) => path).toReversed());
  });
});

describe.skipIf(!isRoot)('a layer of 54 GB, nearly all of it holes (only as root)', () => {
  it('is partial under a limit of what it has on the disk, and what was left out is listed', async () => {
    const one = new OverlayContainer({
      image: ['mkdir etc; printf one > etc/one'],
      upper: `for i in 1 2 3 4 5 6 7 8 9; do
          truncate -s 6G "image-$i"
          head -c $((i * 40960)) /dev/urandom | dd of="image-$i" bs=4096 seek=1500000 conv=notrunc status=none
        done
        printf evidence > small`,
    });
    made.push(one);
    const run = await diffOverlay(async () => one.access, { limits: { maxUpperBytes: 1_000_000 } });
    // 45 pieces of 40 KiB; without the three largest of 9, 8 and 7 pieces 21 are left, which is under the limit.
    expect(outcomeOf(run, DIFF_KEY)).toMatchObject({ outcome: 'partial', reason: 'limit', proof: { leftOut: 3 } });
    const entries = diffEntriesOf(run);
    const leftOut = [...entries.values()].filter(({ notes }) => notes.includes('left-out'));
    expect(leftOut.map(({ path }) => path).toSorted()).toEqual(['/image-7', '/image-8', '/image-9']);
    expect(leftOut.every(({ sizeBytes, sha256 }) => sizeBytes === 6 * GIB && sha256 === null)).toBe(true);
    expect(entries.get('/small')?.sha256).toMatch(/^[0-9a-f]{64}$/);
    // Holes are read as zeros up to a bound; beyond it the record says why there is no hash.
    expect(entries.get('/image-1')).toMatchObject({ sha256: null, notes: ['sparse-too-large'] });
    const archive = run.sink.at(`${DIFF_FOLDER}/upper.tar`);
    expect(archive.bytes.length).toBeLessThan(1_100_000);
    expect(archive.bytes.includes('image-9')).toBe(false);
    expect(diffSourceOf(run).leftOut).toBe(3);
  });
});
