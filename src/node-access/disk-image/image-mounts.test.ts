import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { leftMounts } from './image-mounts.js';

vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), readFile: vi.fn() }));

const DEAD = 101;
const OTHERS = 102;
const OURS = 103;
const MINE = '/run/user/1000/exhibit-disks';

/** As the kernel answers a user who is not root. */
function kill(pid: number): true {
  if (pid === OURS) return true;
  throw Object.assign(new Error('kill'), { code: pid === OTHERS ? 'EPERM' : 'ESRCH' });
}

function mounted(...points: readonly string[]): void {
  const lines = points.map((point) => `36 35 7:0 / ${point} ro,relatime - ext4 /dev/loop0 ro`);
  vi.mocked(readFile).mockResolvedValue(lines.join('\n'));
}

beforeEach(() => {
  vi.spyOn(process, 'kill').mockImplementation(kill);
});

const as = (uid: number): void => void vi.spyOn(process, 'getuid').mockReturnValue(uid);
const at = (folder: string, pid: number): string => `${folder}/${String(pid)}-abcDE1`;

describe('what runs that died left mounted', () => {
  it('is what no process holds any more: one that we may not signal lives', async () => {
    as(1000);
    mounted(at(MINE, DEAD), at(MINE, OTHERS), at(MINE, OURS), '/', `${MINE}/other`);
    expect(await leftMounts()).toEqual([at(MINE, DEAD)]);
  });

  it("lies in the user's own folders, wherever others mounted theirs", async () => {
    const folders = ['/run/exhibit-disks', MINE, '/tmp/exhibit-disks-1000', '/run/user/1001/exhibit-disks', '/mnt'];
    mounted(...folders.map((folder) => at(folder, DEAD)));
    as(1000);
    expect(await leftMounts()).toEqual([at(MINE, DEAD), at('/tmp/exhibit-disks-1000', DEAD)]);
    as(0);
    expect(await leftMounts()).toEqual([at('/run/exhibit-disks', DEAD)]);
  });
});
