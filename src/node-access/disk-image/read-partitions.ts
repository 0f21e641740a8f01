import type { RandomAccess } from '../../lib/random-access.js';

const SECTOR_BYTES = 512;
const GPT_PROTECTIVE = 0xee;
const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
const MAX_GPT_ENTRIES = 1024;
const MAX_LOGICAL = 128;

/** A part of a disk image. */
export interface Partition {
  /** As the kernel numbers it: from 1; 0 = the whole image. */
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

interface MbrEntry {
  readonly type: number;
  readonly firstSector: number;
  readonly sectors: number;
}

function mbrEntries(sector: Buffer): MbrEntry[] | null {
  if (sector.length < SECTOR_BYTES || sector.readUInt16LE(510) !== 0xaa55) return null;
  return [0, 1, 2, 3].map((index) => {
    const at = 446 + index * 16;
    return {
      type: sector[at + 4] ?? 0,
      firstSector: sector.readUInt32LE(at + 8),
      sectors: sector.readUInt32LE(at + 12),
    };
  });
}

function gptPartitions(source: RandomAccess, sectorBytes: number): Partition[] | null {
  const header = source.read(sectorBytes, 92);
  if (header.length < 92 || header.toString('latin1', 0, 8) !== 'EFI PART') return null;
  const tableAt = Number(header.readBigUInt64LE(72)) * sectorBytes;
  const count = Math.min(header.readUInt32LE(80), MAX_GPT_ENTRIES);
  const entryBytes = header.readUInt32LE(84);
  if (entryBytes < 128 || entryBytes > 4096 || !Number.isSafeInteger(tableAt)) return null;
  const partitions: Partition[] = [];
  for (let index = 0; index < count; index += 1) {
    const entry = source.read(tableAt + index * entryBytes, 48);
    if (entry.length < 48 || entry.subarray(0, 16).every((byte) => byte === 0)) continue;
    const first = Number(entry.readBigUInt64LE(32)) * sectorBytes;
    const end = (Number(entry.readBigUInt64LE(40)) + 1) * sectorBytes;
    partitions.push({ number: index + 1, offsetBytes: first, sizeBytes: end - first });
  }
  return partitions;
}

/** Logical partitions are a chain of tables inside the extended one; each names its own and the next. */
function logicalPartitions(source: RandomAccess, extended: MbrEntry): Partition[] {
  const partitions: Partition[] = [];
  let table = extended.firstSector;
  for (let link = 0; link < MAX_LOGICAL; link += 1) {
    const entries = mbrEntries(source.read(table * SECTOR_BYTES, SECTOR_BYTES));
    const [own, next] = entries ?? [];
    if (own === undefined || own.sectors === 0) break;
    partitions.push(partitionOf(own, 5 + link, table));
    if (next === undefined || !EXTENDED.has(next.type)) break;
    table = extended.firstSector + next.firstSector;
  }
  return partitions;
}

function partitionOf({ firstSector, sectors }: MbrEntry, number: number, base = 0): Partition {
  return { number, offsetBytes: (base + firstSector) * SECTOR_BYTES, sizeBytes: sectors * SECTOR_BYTES };
}

/** Whether a partition is one that the image can hold; a table is whatever its author wrote. */
function fits({ offsetBytes, sizeBytes }: Partition, source: RandomAccess): boolean {
  return (
    Number.isSafeInteger(offsetBytes + sizeBytes) && offsetBytes > 0 && sizeBytes > 0 && offsetBytes < source.sizeBytes
  );
}

/** The partitions of a disk image by its GPT (sectors of 512 or 4,096 bytes) or MBR, bounded; none where there is no table. */
export function readPartitions(source: RandomAccess): readonly Partition[] {
  const entries = mbrEntries(source.read(0, SECTOR_BYTES));
  if (entries === null) return [];
  if (entries.some(({ type }) => type === GPT_PROTECTIVE)) {
    const gpt = gptPartitions(source, SECTOR_BYTES) ?? gptPartitions(source, 4096) ?? [];
    return gpt.filter((one) => fits(one, source));
  }
  const primary = entries.flatMap((entry, index) =>
    entry.type === 0 || entry.sectors === 0 || EXTENDED.has(entry.type) ? [] : [partitionOf(entry, index + 1)],
  );
  const extended = entries.find(({ type }) => EXTENDED.has(type));
  const logical = extended === undefined ? [] : logicalPartitions(source, extended);
  return [...primary, ...logical].filter((one) => fits(one, source));
}
