import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyArchive, type VerifyOptions } from '../../src/evidence/verify/verify-archive.js';
import type { VerifyReport } from '../../src/model/verdict.js';
import { allowedSignersOf } from './archive-builder.js';

/** After every validity that a test gives to a key, unless it says otherwise. */
export const NOW_MS = 1_800_000_000_000;

/** Verifies bytes as an archive, trusting `key` (nobody when it is null). */
export async function verifyBytes(
  container: Buffer,
  key: KeyObject | null,
  options: Partial<VerifyOptions> = {},
): Promise<VerifyReport> {
  const directory = await mkdtemp(join(tmpdir(), 'exhibit-verify-'));
  try {
    const archivePath = join(directory, 'sample.tar.gz');
    await writeFile(archivePath, container);
    const allowedSigners = key === null ? null : { source: 'test', text: allowedSignersOf(key) };
    return await verifyArchive({ archivePath, allowedSigners, now: NOW_MS, scratchDirectory: directory, ...options });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** A copy with one bit turned; `bit` counts from the first byte's lowest. */
export function flipBit(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = bit >> 3;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
