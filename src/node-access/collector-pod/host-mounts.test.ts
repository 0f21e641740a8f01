import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageDiffers } from './image-differs.js';
import { parseSettled, SETTLE } from './host-mounts.js';

describe('what of the node stayed writable', () => {
  it('is what the kernel does not call read-only, by mount or by file system', () => {
    const text = [
      'mount 192 176 254:0 / /host ro,relatime - ext4 /dev/vda rw,discard',
      'mount 194 192 0:21 / /host/proc rw,relatime shared:3 - proc proc rw',
      'mount 195 192 0:22 / /host/cd rw,relatime - iso9660 /dev/sr0 ro',
      'mount 196 192 0:23 / /host/with\\040space rw - tmpfs tmpfs rw,size=1',
      'mount 197 192 0:24 / /host/twice rw - tmpfs tmpfs rw',
      'mount 198 197 0:25 / /host/twice ro - tmpfs tmpfs rw',
      'mount 212 192 0:30 / /host/run/netns rw - ext4 /dev/vda rw',
      'mount 213 212 0:4 / /host/run/netns/node1 rw - nsfs nsfs rw',
      'mount 219 192 0:31 / /host/run ro - ext4 /dev/vda rw',
      'mount 220 219 0:32 / /host/run/shm rw - tmpfs shm rw',
      'mount 199 192 0:26 / /hostile rw - tmpfs tmpfs rw',
      'mount 200 1 0:27 / / rw - overlay overlay rw',
      'cgroup 0::/kubepods/pod1/c1',
      'pid 42',
      'pid 42',
      'pid x',
      'garbage',
    ].join('\n');
    expect(parseSettled(text, '/host')).toEqual({
      writable: ['/host/proc', '/host/with\\040space', '/host/run/shm'],
      mountsNotRead: 0,
      cgroups: ['0::/kubepods/pod1/c1'],
      pids: [42],
    });
  });

  it('is told of every mount of a node with as many as the kernel allows, and what is beyond is counted', () => {
    const lines = ['mount 1 0 254:0 / /host ro - ext4 /dev/vda ro'];
    for (let index = 2; index <= 100_003; index += 1) {
      lines.push(`mount ${String(index)} 1 0:1 / /host/m/${String(index)} rw - tmpfs tmpfs rw`);
    }
    const { writable, mountsNotRead } = parseSettled(lines.join('\n'), '/host');
    expect([writable.length, mountsNotRead]).toEqual([99_999, 3]);
  });

  it('is read from any bytes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const settled = parseSettled(`mount ${text}\npid ${text}`, '/host');
        expect(settled.pids.every((pid) => Number.isSafeInteger(pid) && pid > 0)).toBe(true);
      }),
    );
  });
});

describe('the script that makes the mounts of the host read-only', () => {
  it('starts one process for a writable mount, and names it as it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'exhibit-settle-'));
    try {
      const lines = [
        '1 0 254:0 / /host rw,nosuid,relatime - ext4 /dev/vda rw',
        '2 1 0:1 / /host/is\\040here rw - tmpfs tmpfs rw',
        '3 1 0:1 / /host/ro ro - tmpfs tmpfs rw',
        '4 0 0:1 / /hostile rw - tmpfs tmpfs rw',
      ];
      writeFileSync(join(folder, 'mountinfo'), `${lines.join('\n')}\n`);
      for (const tool of ['mount', 'sed']) {
        writeFileSync(join(folder, tool), `#!/bin/sh\necho ${tool} "$@" >> ${folder}/log\nexec /bin/${tool} "$@"\n`);
        chmodSync(join(folder, tool), 0o755);
      }
      writeFileSync(join(folder, 'mount'), `#!/bin/sh\necho mount "$@" >> ${folder}/log\n`);
      const script = SETTLE.script.replaceAll('/proc/self/mountinfo', join(folder, 'mountinfo'));
      const env = { PATH: `${folder}:/usr/bin:/bin`, ROOT: '/host' };
      execFileSync('sh', ['-c', script], { env });
      const log = execFileSync('cat', [join(folder, 'log')], { encoding: 'latin1' });
      expect(log.split('\n').filter((line) => line.startsWith('mount '))).toEqual([
        'mount --no-canonicalize -o remount,bind,ro,nosuid,relatime /host',
        'mount --no-canonicalize -o remount,bind,ro /host/is here',
      ]);
      expect(log.split('\n').filter((line) => line.startsWith('sed '))).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the image that runs', () => {
  const pin = `sha256:${'a'.repeat(64)}`;
  const other = `sha256:${'b'.repeat(64)}`;
  it('is compared by digest with the pin', () => {
    expect(imageDiffers(`r/c@${pin}`, `r/c@${pin}`)).toBeNull();
    expect(imageDiffers(`r/c@${pin}`, `docker-pullable://mirror/c@${pin}`)).toBeNull();
    expect(imageDiffers(`r/c@${pin}`, `r/c@${other}`)).toContain(other);
    expect(imageDiffers(`r/c@${pin}`, '')).toContain('without a name');
    expect(imageDiffers(`r/c@${pin}`, `${pin}x`)).not.toBeNull();
    expect(imageDiffers('r/c:1', other)).toBeNull();
  });
});
