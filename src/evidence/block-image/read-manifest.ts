import { readLines } from '../../lib/read-lines.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import { MAX_MANIFEST_LINE, type ManifestBlock, type ManifestHead, ManifestReader } from './block-manifest.js';

export interface OpenManifest {
  readonly head: ManifestHead;
  /** Throws as `openManifest`, also when the manifest turns out to be unfinished. */
  readonly blocks: AsyncGenerator<ManifestBlock>;
}

/** Reads a block manifest that somebody gives us. Throws `USAGE_INVALID` for what is none. */
export async function openManifest(path: string): Promise<OpenManifest> {
  const reader = new ManifestReader();
  const blocks = blocksOf(path, reader);
  const first = await blocks.next();
  if (reader.head === null) throw noManifest(path, 'it is empty');
  return { head: reader.head, blocks: goneOnWith(first, blocks) };
}

async function* goneOnWith(
  first: IteratorResult<ManifestBlock, void>,
  rest: AsyncGenerator<ManifestBlock, void>,
): AsyncGenerator<ManifestBlock> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

async function* blocksOf(path: string, reader: ManifestReader): AsyncGenerator<ManifestBlock, void> {
  let number = 0;
  try {
    for await (const { line } of readLines(path, { maxLineBytes: MAX_MANIFEST_LINE })) {
      number += 1;
      const taken = reader.take(line.toString('latin1'));
      if (typeof taken === 'string') throw noManifest(path, `line ${String(number)}: ${taken}`);
      if (taken !== null) yield taken;
    }
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw noManifest(path, error instanceof RangeError ? 'a line has no end' : (errnoOf(error) ?? 'unreadable'));
  }
  if (reader.tail === null) throw noManifest(path, 'its last line is missing: it is unfinished, or was cut off');
}

function noManifest(path: string, why: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', `that is no whole block manifest: ${why}`, {
    subject: path,
    hints: ['exhibit snapshot hash SNAPSHOT'],
  });
}
