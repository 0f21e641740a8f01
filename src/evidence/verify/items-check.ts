import { itemRecordSchema, type ItemRecord } from '../../model/artifact.js';
import { PART_BYTES } from '../bag-layout.js';
import type { SortedSpill } from '../sorted-spill.js';
import type { Findings } from './findings.js';
import type { PayloadFile, PayloadLedger } from './payload-ledger.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import type { SourcesCheck } from './sources-check.js';

const PATH = 'meta/items.jsonl';

export interface ItemsCheckOptions {
  readonly ledger: PayloadLedger;
  /** Gets artifact, collector and outcome of every item, those that repeat once, for the comparison with the ledger of outcomes. */
  readonly artifacts: SortedSpill;
  readonly sources: SourcesCheck;
  readonly findings: Findings;
  /** 2^32 outside tests. */
  readonly partBytes?: number;
}

/** Compares meta/items.jsonl with the payload: one line per file, sorted, with its hash, its size and its place among parts. */
export function itemsCheck({
  ledger,
  artifacts,
  sources,
  findings,
  partBytes = PART_BYTES,
}: ItemsCheckOptions): TagConsumer {
  const comparison = ledger.compare((path, what) => {
    const [expected, found] =
      what === 'not-listed'
        ? ['a line in meta/items.jsonl', 'none']
        : ['the payload file that its line names', 'no such file'];
    findings.add('closure', { path, expected, found });
  });
  const parts = new PartsCheck(findings, partBytes);
  let previousPath = '';
  let previous: Source | undefined;
  const onRecord = (item: ItemRecord, _raw: Buffer, place: string): void => {
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
  return recordLines({
    path: PATH,
    schema: itemRecordSchema,
    findings,
    onRecord,
    onEnd: () => {
      comparison.end();
      parts.end();
      sources.end(ledger);
    },
  });
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
  if (item.sizeBytes === file.sizeBytes) return;
  findings.add('counts', {
    path,
    expected: `${String(item.sizeBytes)} bytes`,
    found: `${String(file.sizeBytes)} bytes`,
  });
}

type Part = NonNullable<ItemRecord['part']>;

/** Parts of split files: numbered without a gap, full but the last, and joined what the whole is said to be. */
class PartsCheck {
  readonly #findings: Findings;
  readonly #partBytes: number;
  /** The part that each unfinished whole still waits for, by the path of its first part without the number. */
  readonly #waiting = new Map<string, Part>();

  constructor(findings: Findings, partBytes: number) {
    this.#findings = findings;
    this.#partBytes = partBytes;
  }

  check(item: ItemRecord, file: PayloadFile): void {
    const { part, path } = item;
    if (part === undefined) {
      if (item.sizeBytes > this.#partBytes)
        this.#add(path, `at most ${String(this.#partBytes)} bytes`, `${String(item.sizeBytes)} bytes`);
      return;
    }
    const suffix = `.p${String(part.n).padStart(4, '0')}`;
    const base = path.slice(0, -suffix.length);
    if (!path.endsWith(suffix) || part.of < 2 || part.n > part.of || !this.#continues(base, part)) {
      this.#add(path, 'parts numbered from 1 without a gap', `part ${String(part.n)} of ${String(part.of)}`);
      return;
    }
    this.#checkSize(item, part);
    if (part.n === part.of) this.#checkWhole(item, part, file);
  }

  end(): void {
    for (const [base, part] of this.#waiting) this.#add(base, `part ${String(part.n)} of ${String(part.of)}`, 'none');
  }

  #continues(base: string, part: Part): boolean {
    const expected = this.#waiting.get(base) ?? { ...part, n: 1 };
    this.#waiting.delete(base);
    const isSame =
      part.n === expected.n &&
      part.of === expected.of &&
      part.wholeSha256 === expected.wholeSha256 &&
      part.wholeSizeBytes === expected.wholeSizeBytes;
    if (isSame && part.n < part.of) this.#remember(base, { ...part, n: part.n + 1 });
    return isSame;
  }

  #remember(base: string, next: Part): void {
    const oldest = this.#waiting.keys().next();
    if (this.#waiting.size >= 64 && oldest.done !== true) {
      this.#add(oldest.value, 'its next part', 'too many unfinished files in between');
      this.#waiting.delete(oldest.value);
    }
    this.#waiting.set(base, next);
  }

  #checkSize(item: ItemRecord, part: Part): void {
    const isFull = item.sizeBytes === this.#partBytes;
    const isGood = part.n < part.of ? isFull : isFull || (item.sizeBytes > 0 && item.sizeBytes < this.#partBytes);
    if (!isGood)
      this.#add(
        item.path,
        `parts of ${String(this.#partBytes)} bytes, the last one shorter`,
        `${String(item.sizeBytes)} bytes`,
      );
  }

  #checkWhole(item: ItemRecord, part: Part, file: PayloadFile): void {
    const found = file.prefix;
    if (found?.sha256 !== part.wholeSha256) {
      this.#findings.add('hashes', {
        path: item.path,
        expected: `wholeSha256 ${part.wholeSha256}`,
        found: found?.sha256 ?? 'parts that do not join',
      });
    }
    if (found?.sizeBytes === part.wholeSizeBytes) return;
    this.#findings.add('counts', {
      path: item.path,
      expected: `${String(part.wholeSizeBytes)} bytes in all parts`,
      found: String(found?.sizeBytes),
    });
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('grammar', { path, expected, found });
  }
}
