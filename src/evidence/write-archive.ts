import { asciiJson } from '../lib/ascii-json.js';
import { parseInstant } from '../lib/clock.js';
import type { Statement } from '../model/exhibit.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import { addSeals, type AddedSeals } from './add-seals.js';
import { createArchiveWriter } from './archive-writer.js';
import { BAGIT_TXT, renderBagInfo } from './bag-info.js';
import { ACQUISITION_LOG, MANIFEST, STATEMENT, TAGMANIFEST } from './bag-layout.js';
import { BagWriter } from './bag-writer.js';
import { custodyTokenFiles } from './custody-tokens.js';
import type { Opening } from './opening.js';
import { ScratchFile } from './scratch-file.js';
import { sealPayload } from './seal-payload.js';
import type { SpoolLayout } from './spool-layout.js';
import { renderVerifyGuide } from './verify-guide.js';

/** Scratch files of a seal. */
export interface SealFiles {
  readonly plan: string;
  readonly outcomes: string;
  readonly requests: string;
  /** These two are written while the payload passes by. */
  readonly items: string;
  readonly manifest: string;
}

export interface WriteArchiveOptions {
  /** Where the archive is written; removed again when anything fails. */
  readonly partial: string;
  readonly statement: Statement;
  readonly opening: Opening;
  readonly layout: SpoolLayout;
  readonly files: SealFiles;
  readonly sbom: Buffer;
  /** The first one is named in VERIFY.md and in the receipt. */
  readonly signers: readonly [Signer, ...Signer[]];
  readonly timestampers: readonly Timestamper[];
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (files: number, bytes: number, path: string) => void;
}

export interface WrittenArchive extends AddedSeals {
  readonly tagmanifest: Buffer;
  readonly containerSha256: string;
}

/** Writes the whole bag in one pass over the payload: `bagit.txt`, then bytewise by path, `seal/` last. */
export async function writeArchive(options: WriteArchiveOptions): Promise<WrittenArchive> {
  const { statement, partial } = options;
  const mtimeSeconds = Math.floor((parseInstant(statement.createdAt) ?? 0) / 1000);
  const archive = await createArchiveWriter(partial, { mtimeSeconds });
  try {
    const bag = new BagWriter(archive, statement.exhibitId);
    await bag.addTag('bagit.txt', BAGIT_TXT);
    await bag.addTag(
      'VERIFY.md',
      renderVerifyGuide({ statement, signers: options.signers.map(({ fingerprint }) => fingerprint) }),
    );
    await bag.addTag('bag-info.txt', renderBagInfo(statement));
    await bag.addTagFile(ACQUISITION_LOG, options.layout.custody);
    for (const { path, file } of await custodyTokenFiles(options.layout)) await bag.addTagFile(path, file);
    await addPayload(bag, options);
    await addMeta(bag, options);
    const tagmanifest = await bag.addTagmanifest(TAGMANIFEST);
    const { signers, timestampers, signal } = options;
    const { tokens, failures } = await addSeals(bag, tagmanifest, { signers, timestampers, signal });
    const { containerSha256 } = await archive.finish();
    return { tagmanifest, containerSha256, tokens, failures };
  } catch (error) {
    await archive.abort();
    throw error;
  }
}

async function addPayload(bag: BagWriter, options: WriteArchiveOptions): Promise<void> {
  const { layout, files, signal, onProgress } = options;
  const itemsFile = new ScratchFile(files.items);
  const manifestFile = new ScratchFile(files.manifest);
  try {
    await sealPayload({
      items: layout.items,
      directory: layout.directory,
      sortDirectory: layout.sealWork,
      bag,
      itemsFile,
      manifestFile,
      signal,
      onProgress,
    });
  } finally {
    itemsFile.close();
    manifestFile.close();
  }
}

async function addMeta(
  bag: BagWriter,
  { statement, opening, layout, files, sbom }: WriteArchiveOptions,
): Promise<void> {
  await bag.addTagFile(MANIFEST, files.manifest);
  await bag.addTag('meta/actions.jsonl', '');
  await bag.addTagFile('meta/clock.jsonl', layout.clock);
  await bag.addTag(STATEMENT, `${asciiJson(statement)}\n`);
  await bag.addTagFile('meta/external.jsonl', layout.external);
  await bag.addTagFile('meta/items.jsonl', files.items);
  await bag.addTagFile('meta/outcomes.jsonl', files.outcomes);
  await bag.addTagFile('meta/plan.jsonl', files.plan);
  await bag.addTagFile('meta/requests.jsonl', files.requests);
  await bag.addTag('meta/tool/config.yaml', opening.configText);
  await bag.addTag('meta/tool/profile.yaml', opening.profileText);
  await bag.addTag('meta/tool/sbom.cdx.json', sbom);
  await bag.addTag('meta/tool/tool.json', `${asciiJson(opening.tool)}\n`);
}
