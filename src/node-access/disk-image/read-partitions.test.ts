import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bufferAccess } from '../../../test/fakes/file-access.js';
import { filesystemAt } from './filesystem-at.js';
import { readPartitions } from './read-partitions.js';

const SECTOR = 512;

function mbr(
  disk: Buffer,
  entries: readonly (readonly [type: number, first: number, sectors: number])[],
  at = 0,
): void {
  entries.forEach(([type, first, sectors], index) => {
    const offset = at + 446 + index * 16;
    disk[offset + 4] = type;
    disk.writeUInt32LE(first, offset + 8);
    disk.writeUInt32LE(sectors, offset + 12);
  });
  disk.writeUInt16LE(0xaa55, at + 510);
}

describe('the partitions of a disk image', () => {
  it('are read from an MBR, logical ones behind an extended one included', () => {
    const disk = Buffer.alloc(400 * SECTOR);
    mbr(disk, [
      [0x83, 8, 40],
      [0x05, 100, 200],
    ]);
    mbr(
      disk,
      [
        [0x83, 4, 20],
        [0x05, 50, 60],
      ],
      100 * SECTOR,
    );
    mbr(disk, [[0x83, 6, 30]], 150 * SECTOR);
    expect(readPartitions(bufferAccess(disk))).toStrictEqual([
      { number: 1, offsetBytes: 8 * SECTOR, sizeBytes: 40 * SECTOR },
      { number: 5, offsetBytes: 104 * SECTOR, sizeBytes: 20 * SECTOR },
      { number: 6, offsetBytes: 156 * SECTOR, sizeBytes: 30 * SECTOR },
    ]);
  });

  it.each([512, 4096])('are read from a GPT with sectors of %d bytes', (sectorBytes) => {
    const disk = Buffer.alloc(64 * 4096);
    mbr(disk, [[0xee, 1, 0xffffffff]]);
    disk.write('EFI PART', sectorBytes);
    disk.writeBigUInt64LE(2n, sectorBytes + 72);
    disk.writeUInt32LE(4, sectorBytes + 80);
    disk.writeUInt32LE(128, sectorBytes + 84);
    const entry = 2 * sectorBytes + 128;
    disk.fill(7, entry, entry + 16);
    disk.writeBigUInt64LE(10n, entry + 32);
    disk.writeBigUInt64LE(19n, entry + 40);
    expect(readPartitions(bufferAccess(disk))).toStrictEqual([
      { number: 2, offsetBytes: 10 * sectorBytes, sizeBytes: 10 * sectorBytes },
    ]);
  });

  it('are none without a table', () => {
    expect(readPartitions(bufferAccess(Buffer.alloc(4096)))).toStrictEqual([]);
    expect(readPartitions(bufferAccess(Buffer.alloc(0)))).toStrictEqual([]);
  });

  it('end for every table that anybody may write, and lie within the image', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 4096 }), fc.boolean(), (bytes, isGpt) => {
        const disk = Buffer.from(bytes);
        disk.writeUInt16LE(0xaa55, 510);
        if (isGpt) {
          disk[450] = 0xee;
          if (disk.length > 600) disk.write('EFI PART', 512);
        }
        const found = readPartitions(bufferAccess(disk));
        expect(found.length).toBeLessThanOrEqual(1024);
        expect(found.every(({ offsetBytes }) => offsetBytes < disk.length && offsetBytes > 0)).toBe(true);
      }),
    );
  });

  it('hold filesystems that are known by their signatures', () => {
    const disk = Buffer.alloc(128 * 1024);
    expect(filesystemAt(bufferAccess(disk), 0)).toBe('unknown');
    disk.write('LUKS\xba\xbe', 8192, 'latin1');
    disk.write('XFSB', 16_384);
    disk.writeUInt16LE(0xef53, 32_768 + 1080);
    expect([8192, 16_384, 32_768].map((at) => filesystemAt(bufferAccess(disk), at))).toStrictEqual([
      'luks',
      'xfs',
      'ext',
    ]);
  });
});
