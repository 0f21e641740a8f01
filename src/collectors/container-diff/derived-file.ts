import { derivedFacts } from '../derived-facts.js';
import { asciiJson } from '../../lib/ascii-json.js';
import type { Sensitivity, Subject, Vantage } from '../../model/artifact.js';
import type { CollectContext } from '../../ports/collector.js';
import type { ItemWriter } from '../../ports/evidence-sink.js';
import { openItem } from '../open-item.js';

export interface DerivedDraft {
  readonly path: string;
  readonly artifact: string;
  readonly collector: string;
  readonly vantage: Vantage;
  readonly sensitivity: Sensitivity;
  readonly subject: Subject;
  readonly derivedFrom: readonly string[];
}

const BATCH_BYTES = 65_536;

/** Writes records as JSON lines into a file that names its sources. Leaves no writer open. Returns where they are. */
export async function writeDerived(
  { subject, derivedFrom, ...draft }: DerivedDraft,
  records: Iterable<unknown>,
  context: CollectContext,
): Promise<string> {
  const { path, writer } = await openItem(context.sink, draft);
  let open: ItemWriter | null = writer;
  try {
    let batch = '';
    for (const record of records) {
      batch += `${asciiJson(record)}\n`;
      if (batch.length < BATCH_BYTES) continue;
      await writer.write(Buffer.from(batch, 'latin1'));
      batch = '';
    }
    if (batch !== '') await writer.write(Buffer.from(batch, 'latin1'));
    open = null;
    await writer.commit(derivedFacts(subject, derivedFrom));
    return path;
  } finally {
    await open?.abort();
  }
}
