import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VOLATILITIES } from '../../model/artifact.js';
import type { PlannedArtifact, Volatility } from '../../model/artifact.js';
import { storageError } from '../../custody/storage-error.js';
import { errnoOf } from '../../model/errors.js';
import { readLines } from '../../lib/read-lines.js';

const queuedSchema = z.strictObject({
  collector: z.string(),
  planned: z.object({
    artifact: z.string(),
    required: z.boolean(),
    source: z.string(),
    node: z.string().optional(),
    volatility: z.enum(VOLATILITIES).optional(),
    data: z.unknown().optional(),
  }),
});

export interface QueuedArtifact {
  readonly collector: string;
  readonly planned: PlannedArtifact;
}

/**
 * The work that is left, one file a tier of volatility, so that a plan of any length costs no memory and survives a crash.
 * Appending while a tier is read is allowed: the reader sees it.
 */
export class PlanQueue {
  readonly #directory: string;
  readonly #files = new Map<Volatility, FileHandle>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Durable when it resolves. Throws `STORAGE_FULL`, `STORAGE_FAILED`. */
  async append(tier: Volatility, entries: readonly QueuedArtifact[]): Promise<void> {
    if (entries.length === 0) return;
    const path = this.#path(tier);
    try {
      let file = this.#files.get(tier);
      if (file === undefined) {
        file = await openWhole(path);
        this.#files.set(tier, file);
      }
      await file.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      await file.datasync();
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** The entries of a tier from byte `start` on; `end` is where the next reading goes on. A torn last line is not given. */
  async *read(
    tier: Volatility,
    start: number,
  ): AsyncGenerator<{ readonly entry: QueuedArtifact; readonly end: number }> {
    try {
      for await (const { line, end } of readLines(this.#path(tier), { start })) {
        yield { entry: queuedSchema.parse(JSON.parse(line.toString('utf8'))) as QueuedArtifact, end };
      }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }

  async close(): Promise<void> {
    // What was appended is synced already.
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
  }

  #path(tier: Volatility): string {
    return join(this.#directory, `queue-${tier.toLowerCase()}.jsonl`);
  }
}

/** Opens a queue for appending after cutting the torn line that a full disk or a crash may have left: its artifact was never planned. */
async function openWhole(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  let whole = 0;
  if (size > 0) for await (const { end } of readLines(path)) whole = end;
  if (whole < size) await file.truncate(whole);
  return file;
}
