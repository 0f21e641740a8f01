import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from './format-address.js';
import { parseInet } from './parse-inet.js';

const TAIL = '00:00000000 00000000  1000        0 54321 1 0000000000000000 100 0 0 10 0';

/** As the kernel prints it: words of 32 bits in its own byte order. */
function kernelHex(bytes: Buffer, isLittleEndian: boolean): string {
  const words = Buffer.from(bytes);
  if (isLittleEndian) words.swap32();
  return words.toString('hex').toUpperCase();
}

const hex4 = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');

describe('a line of /proc/net/tcp', () => {
  it('is read on x86-64 as the kernel documents it', () => {
    const line = `   0: 0100007F:1F90 00000000:0000 0A 00000000:00000005 ${TAIL}`;
    expect(parseInet(line, true)).toEqual({
      local: { address: '127.0.0.1', port: 8080 },
      remote: { address: '0.0.0.0', port: 0 },
      state: 'listen',
      sendQueue: 0,
      receiveQueue: 5,
      uid: 1000,
      inode: '54321',
    });
  });

  it('is read with IPv6, where each of the four words is turned by itself', () => {
    const line = ` 1: B80D0120000000000000000001000000:01BB 0000000000000000FFFF00000100007F:C350 01 00000000:00000000 ${TAIL}`;
    expect(parseInet(line, true)).toMatchObject({
      local: { address: '2001:db8::1', port: 443 },
      remote: { address: '::ffff:127.0.0.1', port: 50_000 },
      state: 'established',
    });
  });

  it('gives back any address and port, in both byte orders', () => {
    const anyAddress = fc
      .tuple(fc.boolean(), fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(([isIpv4, bytes]) => Buffer.from(bytes.subarray(0, isIpv4 ? 4 : 16)));
    const anyPort = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(anyAddress, anyPort, anyPort, fc.boolean(), (address, local, remote, isLittleEndian) => {
        const hex = kernelHex(address, isLittleEndian);
        const line = ` 12: ${hex}:${hex4(local)} ${hex}:${hex4(remote)} 06 00000000:00000000 ${TAIL}`;
        const end = { address: formatAddress(address) };
        expect(parseInet(line, isLittleEndian)).toMatchObject({
          local: { ...end, port: local },
          remote: { ...end, port: remote },
          state: 'time-wait',
        });
      }),
    );
  });

  it.each([
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '',
    ` 0: 0100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000005 ${TAIL}`,
    ` 0: 0100007:1F90 00000000:0000 0A 00000000:00000005 ${TAIL}`,
  ])('is nothing else: %j', (line) => {
    expect(parseInet(line, true)).toBeNull();
  });

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseInet(text, true)).toBeNull();
      }),
    );
  });
});

describe('an address as text', () => {
  it('is what the platform makes of it', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (all) => {
        fc.pre(!(all.slice(0, 5).every((group) => group === 0) && all[5] === 0xffff));
        const bytes = Buffer.alloc(16);
        for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, 2 * index);
        const url = new URL(`http://[${all.map((group) => group.toString(16)).join(':')}]/`);
        expect(`[${formatAddress(bytes)}]`).toBe(url.hostname);
      }),
    );
  });

  it('is dotted where it is IPv4, mapped or not', () => {
    expect(formatAddress(Buffer.from([192, 0, 2, 1]))).toBe('192.0.2.1');
    expect(formatAddress(Buffer.from('00000000000000000000ffffc0000201', 'hex'))).toBe('::ffff:192.0.2.1');
  });
});
