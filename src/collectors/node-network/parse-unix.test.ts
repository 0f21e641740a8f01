import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDiagLine } from './diag-view.js';
import { parseUnix } from './parse-unix.js';

const HEAD = '0000000000000000: 00000002 00000000';

describe('a line of /proc/net/unix', () => {
  it('gives type, state, inode and the path as bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 108 }), (bytes) => {
        const path = Buffer.from(bytes.filter((byte) => byte !== 0x0a));
        const line = Buffer.concat([Buffer.from(`${HEAD} 00010000 0001 01 4711 `), path]);
        const socket = parseUnix(line);
        expect(socket).toMatchObject({ type: 'stream', listening: true, inode: '4711' });
        expect(socket?.path.equals(path)).toBe(true);
      }),
    );
  });

  it('knows a socket without a name', () => {
    const socket = parseUnix(Buffer.from(`${HEAD} 00000000 0005 03 12`));
    expect(socket).toMatchObject({ type: 'seqpacket', listening: false, inode: '12' });
    expect(socket?.path).toHaveLength(0);
  });

  it.each(['Num       RefCount Protocol Flags    Type St Inode Path', '', '/a/path that went on'])(
    'is nothing else: %j',
    (line) => {
      expect(parseUnix(Buffer.from(line))).toBeNull();
    },
  );
});

describe('a line of ss', () => {
  it.each([
    [
      'tcp   LISTEN 0      4096       127.0.0.1:12379      0.0.0.0:*     ino:3530413 sk:1 cgroup:/x <->',
      { netid: 'tcp', state: 'LISTEN', inode: '3530413' },
    ],
    [
      'tcp   TIME-WAIT 0 0 127.0.0.1:1 127.0.0.1:2 timer:(timewait,59sec,0) ino:0 sk:5 ',
      { netid: 'tcp', state: 'TIME-WAIT', inode: '0' },
    ],
    ['udp UNCONN 0 0 [::1]%lo:323 [::]:* uid:1 ino:99', { netid: 'udp', state: 'UNCONN', inode: '99' }],
  ])('%s', (line, expected) => {
    expect(parseDiagLine(line)).toEqual(expected);
  });

  it('is nothing else', () => {
    expect(parseDiagLine('Cannot open netlink socket: Protocol not supported')).toBeNull();
  });
});
