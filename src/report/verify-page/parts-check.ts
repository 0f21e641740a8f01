import type { ItemRecord } from '../../model/artifact.js';
import type { Findings } from './findings.js';
import type { PayloadFile } from './payload-table.js';

/** Wholes whose next part may be awaited at once. */
const MAX_WAITING = 64;

type Part = NonNullable<ItemRecord['part']>;

/** Parts of split files: numbered without a gap, full but the last, and joined what the whole is said to be. */
export class PartsCheck {
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
    if (part.n === part.of) this.#checkWhole(path, part, file);
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
    if (this.#waiting.size >= MAX_WAITING && oldest.done !== true) {
      this.#add(oldest.value, 'its next part', 'too many unfinished files in between');
      this.#waiting.delete(oldest.value);
    }
    this.#waiting.set(base, next);
  }

  #checkSize({ path, sizeBytes }: ItemRecord, part: Part): void {
    const isFull = sizeBytes === this.#partBytes;
    const isGood = isFull || (part.n === part.of && sizeBytes > 0 && sizeBytes < this.#partBytes);
    if (isGood) return;
    this.#add(path, `parts of ${String(this.#partBytes)} bytes, the last one shorter`, `${String(sizeBytes)} bytes`);
  }

  #checkWhole(path: string, part: Part, { prefix }: PayloadFile): void {
    if (prefix?.sha256 !== part.wholeSha256) {
      const found = prefix?.sha256 ?? 'parts that do not join';
      this.#findings.add('hashes', { path, expected: `wholeSha256 ${part.wholeSha256}`, found });
    }
    if (prefix?.sizeBytes === part.wholeSizeBytes) return;
    const expected = `${String(part.wholeSizeBytes)} bytes in all parts`;
    this.#findings.add('counts', { path, expected, found: String(prefix?.sizeBytes) });
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('grammar', { path, expected, found });
  }
}
