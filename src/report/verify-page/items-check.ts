import type { ItemRecord } from '../../model/artifact.js';
import type { EntryTable } from './entry-table.js';
import type { Findings } from './findings.js';
import { PartsCheck } from './parts-check.js';
import type { PayloadFile, PayloadTable } from './payload-table.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import type { Shape } from './record-shapes.js';
import type { SourcesCheck } from './sources-check.js';

export interface ItemsCheckOptions {
  readonly shape: Shape<ItemRecord>;
  readonly payload: PayloadTable;
  /** Gets artifact, collector and outcome of every item, those that repeat once, for the comparison with the ledger of outcomes. */
  readonly artifacts: EntryTable;
  readonly sources: SourcesCheck;
  readonly findings: Findings;
  readonly partBytes: number;
}

/** Compares meta/items.jsonl with the payload: one line per file, sorted, with its hash, its size and its place among parts. */
export function itemsCheck({
  shape,
  payload,
  artifacts,
  sources,
  findings,
  partBytes,
}: ItemsCheckOptions): TagConsumer {
  const comparison = payload.compare((path, what) => {
    const [expected, found] =
      what === 'not-listed'
        ? ['a line in meta/items.jsonl', 'none']
        : ['the payload file that its line names', 'no such file'];
    findings.add('closure', { path, expected, found });
  });
  const parts = new PartsCheck(findings, partBytes);
  let previousPath = '';
  let previous: Source | undefined;
  const onRecord = (item: ItemRecord, _raw: Uint8Array, place: string): void => {
    if (item.path <= previousPath) {
      findings.add('grammar', { path: place, expected: `a path after ${previousPath}`, found: item.path });
      return;
    }
    previousPath = item.path;
    if (!isSameSource(item, previous)) artifacts.add(item.artifact, `${item.outcome} ${item.collector}`);
    previous = item;
    sources.see(item);
    const file = comparison.match(item.path);
    if (file === null) return;
    compareItem(item, file, findings);
    parts.check(item, file);
  };
  const onEnd = (): void => {
    comparison.end();
    parts.end();
    sources.end(payload);
  };
  return recordLines({ path: 'meta/items.jsonl', shape, findings, onRecord, onEnd });
}

type Source = Pick<ItemRecord, 'artifact' | 'collector' | 'outcome'>;

function isSameSource(a: Source, b: Source | undefined): boolean {
  return a.artifact === b?.artifact && a.collector === b.collector && a.outcome === b.outcome;
}

function compareItem(item: ItemRecord, file: PayloadFile, findings: Findings): void {
  const path = item.path;
  if (item.sha256 !== file.sha256) findings.add('hashes', { path, expected: item.sha256, found: file.sha256 });
  if (item.rereadSha256 !== item.sha256)
    findings.add('hashes', { path, expected: `rereadSha256 ${item.sha256}`, found: item.rereadSha256 });
  const [expected, found] = [`${String(item.sizeBytes)} bytes`, `${String(file.sizeBytes)} bytes`];
  if (expected !== found) findings.add('counts', { path, expected, found });
}
