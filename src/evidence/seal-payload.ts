import { join } from 'node:path';
import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { ExhibitError } from '../model/errors.js';
import type { BagWriter } from './bag-writer.js';
import { parseItemLine } from './recover-spool.js';
import type { ScratchFile } from './scratch-file.js';
import { SortedSpill } from './sorted-spill.js';

const MAX_MEMORY_BYTES = 10 * 1024 * 1024;
const UNREAD = '"rereadSha256":null';
const PROGRESS_EVERY = 512;

export interface SealPayloadOptions {
  /** items.jsonl of the spool, in the order of commitment. */
  readonly items: string;
  /** Folder of the exhibit; paths of items are relative to it. */
  readonly directory: string;
  readonly sortDirectory: string;
  readonly bag: BagWriter;
  readonly itemsFile: ScratchFile;
  readonly manifestFile: ScratchFile;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (files: number, bytes: number, path: string) => void;
}

/**
 * Reads every payload file once more, in the order of the bag, compares it with what arrived and puts it into the archive; writes
 * manifest and items on the way. Throws `SEAL_HASH_MISMATCH` for a file that changed, `INTERRUPTED` when the signal says so.
 */
export async function sealPayload(
  options: SealPayloadOptions,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const spill = sortedItems(options);
  let files = 0;
  let bytes = 0;
  try {
    for (const { key: path, value: line } of spill.drainSync()) {
      const entry = parseItemLine(line);
      if (entry === null) throw corrupt(options.items, 0, `the record of ${path} cannot be read`);
      if (files % PROGRESS_EVERY === 0) report(options, { files, bytes, path });
      const room = options.bag.addPayload({ ...entry, file: join(options.directory, path) });
      if (room !== undefined) await room;
      options.manifestFile.write(`${entry.sha256}  ${path}\n`);
      const at = line.lastIndexOf(UNREAD);
      if (at === -1) throw corrupt(options.items, 0, `the record of ${path} cannot be read`);
      // The hash of the second reading, which by now is known to be that of the first.
      options.itemsFile.write(
        `${line.slice(0, at)}"rereadSha256":"${entry.sha256}"${line.slice(at + UNREAD.length)}\n`,
      );
      files += 1;
      bytes += entry.sizeBytes;
    }
    return { files, bytes };
  } finally {
    spill.dispose();
  }
}

function sortedItems({ items, sortDirectory }: SealPayloadOptions): SortedSpill {
  const spill = new SortedSpill({ directory: sortDirectory, maxMemoryBytes: MAX_MEMORY_BYTES });
  scanLines(items, (line, number) => {
    const entry = parseItemLine(line);
    if (entry === null) throw corrupt(items, number, 'it is not the record of a payload file');
    spill.add(entry.path, line);
  });
  return spill;
}

function report({ signal, onProgress }: SealPayloadOptions, at: { files: number; bytes: number; path: string }): void {
  if (signal?.aborted === true) {
    throw signal.reason instanceof ExhibitError
      ? signal.reason
      : new ExhibitError('INTERRUPTED', 'the seal was interrupted');
  }
  onProgress(at.files, at.bytes, at.path);
}
