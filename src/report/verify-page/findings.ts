import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CheckName, Finding } from '../../model/verdict.js';

const MAX_KEPT = 100;
const MAX_TEXT = 300;

/** What an archive has wrong. Keeps the first hundred, counts all; every text in it is printable ASCII. */
export class Findings {
  readonly #kept: Finding[] = [];
  readonly #perCheck = new Map<CheckName, number>();
  #total = 0;

  /** `path` inside the archive; empty for the container. Texts may be hostile. */
  add(check: CheckName, finding: { readonly path: string; readonly expected: string; readonly found: string }): void {
    this.#total += 1;
    this.#perCheck.set(check, this.countOf(check) + 1);
    if (this.#kept.length >= MAX_KEPT) return;
    this.#kept.push({
      check,
      path: escapeForTerminal(finding.path, MAX_TEXT),
      expected: escapeForTerminal(finding.expected, MAX_TEXT),
      found: escapeForTerminal(finding.found, MAX_TEXT),
    });
  }

  get kept(): readonly Finding[] {
    return this.#kept;
  }

  get total(): number {
    return this.#total;
  }

  countOf(check: CheckName): number {
    return this.#perCheck.get(check) ?? 0;
  }
}
