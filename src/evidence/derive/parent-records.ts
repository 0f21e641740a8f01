import { join } from 'node:path';
import { readLines } from '../../lib/read-lines.js';
import { itemRecordSchema, planRecordSchema, type ItemRecord, type PlanRecord } from '../../model/artifact.js';
import { ExhibitError } from '../../model/errors.js';
import { outcomeRecordSchema, type OutcomeRecord } from '../../model/outcome.js';
import { MAX_RECORD_BYTES } from '../bag-layout.js';
import { ScratchFile } from '../scratch-file.js';
import { readParent } from './parent-stream.js';

const NAMES = ['items', 'outcomes', 'plan'] as const;
type Name = (typeof NAMES)[number];

const SCHEMAS = { items: itemRecordSchema, outcomes: outcomeRecordSchema, plan: planRecordSchema } as const;
/** Names of sources that are held in memory; our own indexes come nowhere near. */
const MAX_SOURCES = 200_000;

/** A payload file that says from which others it was made. */
export interface DerivedItem {
  /** As it was before it was split. */
  readonly path: string;
  readonly sources: readonly string[];
}

/** The records of an archive as files in a private folder, because in the archive they come after the payload that they describe. */
export class ParentRecords {
  readonly derived: readonly DerivedItem[];
  readonly #directory: string;

  private constructor(directory: string, derived: readonly DerivedItem[]) {
    this.#directory = directory;
    this.derived = derived;
  }

  /** One pass over the archive. `directory` is private, and the caller's to remove. Throws as `readParent`. */
  static async read(
    archive: { readonly path: string; readonly containerSha256: string },
    directory: string,
  ): Promise<ParentRecords> {
    const files = new Map(
      NAMES.map((name) => [`meta/${name}.jsonl`, new ScratchFile(join(directory, `${name}.jsonl`))]),
    );
    try {
      for await (const { path, bytes } of readParent(archive.path, archive.containerSha256))
        files.get(path)?.write(bytes.toString('latin1'));
    } finally {
      for (const file of files.values()) file.close();
    }
    const records = new ParentRecords(directory, []);
    return new ParentRecords(directory, await derivedItems(records.items(), archive.path));
  }

  items(): AsyncGenerator<ItemRecord, void, undefined> {
    return this.#records('items');
  }

  outcomes(): AsyncGenerator<OutcomeRecord, void, undefined> {
    return this.#records('outcomes');
  }

  plan(): AsyncGenerator<PlanRecord, void, undefined> {
    return this.#records('plan');
  }

  async *#records<N extends Name>(name: N): AsyncGenerator<ReturnType<(typeof SCHEMAS)[N]['parse']>, void, undefined> {
    const path = join(this.#directory, `${name}.jsonl`);
    for await (const { line } of readLines(path, { maxLineBytes: MAX_RECORD_BYTES }))
      yield SCHEMAS[name].parse(JSON.parse(line.toString('latin1'))) as ReturnType<(typeof SCHEMAS)[N]['parse']>;
  }
}

/** The path of the whole, for a part of a split file. */
export function wholePath({ path, part }: Pick<ItemRecord, 'path' | 'part'>): string {
  return part === undefined ? path : path.replace(/\.p\d{4}$/, '');
}

async function derivedItems(items: AsyncIterable<ItemRecord>, archivePath: string): Promise<DerivedItem[]> {
  const derived: DerivedItem[] = [];
  let sources = 0;
  for await (const item of items) {
    if (item.derivedFrom === undefined || (item.part?.n ?? 1) > 1) continue;
    sources += item.derivedFrom.length;
    if (sources > MAX_SOURCES)
      throw new ExhibitError('REDACTION_UNDECIDED', `more than ${String(MAX_SOURCES)} names of sources`, {
        subject: archivePath,
      });
    derived.push({ path: wholePath(item), sources: item.derivedFrom });
  }
  return derived;
}
