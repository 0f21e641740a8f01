import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CustodyFinding, CustodyFindingKind, CustodyVerdict } from '../../model/post-seal-custody.js';

const MAX_KEPT = 100;
const MAX_TEXT = 300;

/** What leaves the record as it was signed. */
const NO_BREAK: ReadonlySet<CustodyFindingKind> = new Set(['untrusted', 'unpaired', 'unfinished']);

/** What a custody folder has wrong, in the order of its events. Keeps the first hundred, counts all; every text in it is safe to show. */
export class CustodyFindings {
  readonly #kept: CustodyFinding[] = [];
  readonly #perKind = new Map<CustodyFindingKind, number>();
  #total = 0;
  #firstBreak: CustodyFinding | null = null;

  /** Texts may be hostile. */
  add(finding: CustodyFinding): void {
    const { kind, seq } = finding;
    this.#total += 1;
    this.#perKind.set(kind, this.countOf(kind) + 1);
    const shown = {
      kind,
      seq,
      file: escapeForTerminal(finding.file, MAX_TEXT),
      detail: escapeForTerminal(finding.detail, MAX_TEXT),
    };
    if (!NO_BREAK.has(kind)) this.#firstBreak ??= shown;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(shown);
  }

  get kept(): readonly CustodyFinding[] {
    return this.#kept;
  }

  get total(): number {
    return this.#total;
  }

  /** The first that means that the record is not as it was signed; `null` when there is none. */
  get firstBreak(): CustodyFinding | null {
    return this.#firstBreak;
  }

  countOf(kind: CustodyFindingKind): number {
    return this.#perKind.get(kind) ?? 0;
  }

  /** The first verdict that fits a folder with so many events. */
  verdict(events: number): CustodyVerdict {
    if (this.#firstBreak !== null) return 'CUSTODY_BROKEN';
    if (events === 0) return 'CUSTODY_EMPTY';
    if (this.countOf('untrusted') > 0) return 'CUSTODY_UNTRUSTED';
    return this.#total > 0 ? 'CUSTODY_OPEN' : 'CUSTODY_INTACT';
  }
}
