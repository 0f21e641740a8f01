import { derivedFacts } from '../derived-facts.js';
import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { tarEnd } from '../../lib/pax-tar/pax-tar-writer.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';
import type { CollectContext } from '../../ports/collector.js';
import type { ItemWriter, ReadBack } from '../../ports/evidence-sink.js';
import { openItem } from '../open-item.js';
import { writeDerived, type DerivedDraft } from './derived-file.js';
import { namedOf } from './entry-record.js';
import { LayerArchive } from './layer-archive.js';

export interface WrittenLayer {
  /** `null` = not made, as `problem` says. */
  readonly path: string | null;
  readonly members: number;
  readonly leftOut: number;
  /** Kebab-case: `too-large`, `malformed-archive`, `too-many-names`. */
  readonly problem: string | null;
}

/** An archive that is larger is kept once only: its other form can be made of it at any time. */
const MAX_BYTES = 1024 * 1024 * 1024;
const READ_BYTES = 1_048_576;
const MAX_REMEMBERED = 500_000;

export interface LayerDraft extends Omit<DerivedDraft, 'path' | 'derivedFrom'> {
  /** The archive as it was kept. */
  readonly upperPath: string;
  /** Below `data/derived/`, without a slash at its end. */
  readonly folder: string;
  readonly userXattr: boolean;
}

const none = (problem: string): WrittenLayer => ({ path: null, members: 0, leftOut: 0, problem });

async function convert(upper: ReadBack, archive: LayerArchive, writer: ItemWriter): Promise<string | null> {
  const reader = new PaxTarReader();
  try {
    for (let at = 0; at < upper.sizeBytes; at += READ_BYTES) {
      for (const event of reader.feed(upper.read(at, Math.min(READ_BYTES, upper.sizeBytes - at))))
        for (const bytes of archive.take(event)) if (bytes.length > 0) await writer.write(bytes);
      if (archive.remembered + archive.leftOut.length > MAX_REMEMBERED) return 'too-many-names';
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw error;
    return 'malformed-archive';
  }
  await writer.write(tarEnd());
  return null;
}

/**
 * Makes `layer.tar`, in the form of image layers, of the archive of a writable layer as it was kept, and `layer-left-out.jsonl` of what
 * that form cannot say. Leaves no writer open. Throws what the sink throws.
 */
export async function writeLayer(
  { upperPath, folder, userXattr, ...draft }: LayerDraft,
  context: CollectContext,
): Promise<WrittenLayer> {
  const upper = context.sink.readBack(upperPath);
  const archive = new LayerArchive({ userXattr });
  const { subject, ...item } = draft;
  let open: ItemWriter | null = null;
  let path: string;
  try {
    if (upper.sizeBytes > MAX_BYTES) return none('too-large');
    const opened = await openItem(context.sink, { ...item, path: `${folder}/layer.tar` });
    open = opened.writer;
    path = opened.path;
    const problem = await convert(upper, archive, opened.writer);
    if (problem !== null) return none(problem);
    open = null;
    await opened.writer.commit(derivedFacts(subject, [upperPath]));
  } finally {
    upper.close();
    await open?.abort();
  }
  const { leftOut, members } = archive;
  if (leftOut.length > 0) {
    const list = { ...draft, path: `${folder}/layer-left-out.jsonl`, derivedFrom: [upperPath] };
    await writeDerived(
      list,
      leftOut.map((one) => ({ ...namedOf(`/${one.path}`), reason: one.reason })),
      context,
    );
  }
  return { path, members, leftOut: leftOut.length, problem: null };
}
