import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageDiffers } from './image-differs.js';
import { parseSettled } from './host-mounts.js';

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
      cgroups: ['0::/kubepods/pod1/c1'],
      pids: [42],
    });
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
