import { PaxTarReader } from '../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../lib/pax-tar/tar-format-error.js';
import type { StoreFiles } from '../lib/store-files.js';
import type { CollectResult } from '../ports/collector.js';
import type { StepResult } from './combine-results.js';
import { runNodeStep, type NodeWork } from './node-step.js';
import { DENIED_STATUS, SMALL_FILES_SCRIPT, type SmallFiles } from './runtime-store-scripts.js';

/** Of one file, and of all of one place, that are held to be parsed; the archive itself holds more. Bytes. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_PLACE_BYTES = 96 * 1024 * 1024;
const MAX_FILES = 100_000;
const MAX_ARCHIVE_BYTES = 1024 * 1024 * 1024;

/** Gathers the files of a tar stream as it goes by. */
class FileGatherer {
  readonly files = new Map<string, Buffer>();
  leftOut = 0;
  problem: string | null = null;
  readonly #reader = new PaxTarReader();
  #heldBytes = 0;
  #pieces: Buffer[] = [];

  feed(chunk: Buffer): void {
    if (this.problem !== null) return;
    try {
      for (const event of this.#reader.feed(chunk)) {
        if (event.kind === 'data' && event.entry.storedBytes <= MAX_FILE_BYTES)
          this.#pieces.push(Buffer.from(event.bytes));
        if (event.kind === 'end') this.#end(event.entry.name.toString('latin1'), event.entry.type === 'file');
      }
      if (this.#reader.skippedMembers > 0) this.problem = 'an extended header is too large';
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.problem = error.message;
    }
  }

  #end(name: string, isFile: boolean): void {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    if (!isFile) return;
    if (this.#heldBytes + bytes.length > MAX_PLACE_BYTES || this.files.size >= MAX_FILES) {
      this.leftOut += 1;
      return;
    }
    this.#heldBytes += bytes.length;
    this.files.set(name.replace(/^\.\//, ''), bytes);
  }
}

export interface ReadFiles {
  /** Files by the name of their place; a place that is not on the node is missing. */
  readonly places: ReadonlyMap<string, StoreFiles>;
  readonly steps: readonly StepResult[];
  readonly paths: readonly string[];
}

/** Takes the small files of several places, each as one tar archive that is a payload file in `<collector>/<folder>/`, and their bytes. */
export async function readSmallFiles(
  work: NodeWork,
  folder: string,
  wanted: readonly SmallFiles[],
): Promise<ReadFiles> {
  const places = new Map<string, StoreFiles>();
  const steps: StepResult[] = [];
  const paths: string[] = [];
  for (const { name, folder: where, patterns } of wanted) {
    const gatherer = new FileGatherer();
    const { step, result, captured } = await runNodeStep(work, {
      step: `${folder}-${name}`,
      file: `${folder}/${name}.tar`,
      sensitivity: 'secret',
      command: { script: SMALL_FILES_SCRIPT, args: [where, ...patterns], maxBytes: MAX_ARCHIVE_BYTES },
      watch: (bytes) => {
        gatherer.feed(bytes);
      },
    });
    if (typeof captured?.path === 'string') paths.push(captured.path);
    if (gatherer.files.size > 0) places.set(name, gatherer.files);
    steps.push({ step, result: judged(result, captured?.end.exitStatus === DENIED_STATUS, gatherer) });
  }
  return { places, steps, paths };
}

function judged(result: CollectResult, isDenied: boolean, { problem, leftOut }: FileGatherer): CollectResult {
  if (isDenied) return { ...result, outcome: 'denied', reason: 'permission-denied' };
  const lost = problem ?? (leftOut > 0 ? `${String(leftOut)} files were not parsed` : null);
  return lost === null ? result : { ...result, outcome: 'partial', reason: 'not-parsed', detail: lost };
}
