import type { CustodyEntry } from '../../model/custody-entry.js';
import type { Statement } from '../../model/exhibit.js';
import { ACQUISITION_LOG } from './bag-layout.js';
import type { TableBudget } from './entry-table.js';
import { CustodyTokens } from './custody-tokens.js';
import { CustodyStory } from './custody-story.js';
import type { Findings } from './findings.js';
import type { PayloadTable } from './payload-table.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import type { Shape } from './record-shapes.js';
import { sha256Hex } from './sha256.js';
import type { Observed } from './statement-check.js';

/** Follows the hash chain of custody/acquisition.jsonl while it passes by. */
export class CustodyCheck {
  readonly consumer: TagConsumer;
  readonly tokens: CustodyTokens;
  readonly #findings: Findings;
  readonly #story: CustodyStory;
  #entries = 0;
  #headSha256 = '0'.repeat(64);
  #lastEvent = 'no entry';

  constructor(options: {
    readonly shape: Shape<CustodyEntry>;
    readonly findings: Findings;
    readonly budget: TableBudget;
  }) {
    this.#findings = options.findings;
    this.#story = new CustodyStory(options.findings, options.budget);
    this.tokens = new CustodyTokens(options.findings, options.budget);
    this.consumer = recordLines({
      path: ACQUISITION_LOG,
      shape: options.shape,
      findings: options.findings,
      onRecord: (entry, raw, place) => {
        this.#follow(entry, raw, place);
        this.tokens.line(entry, this.#headSha256, raw.length);
      },
      onEnd: () => {
        if (this.#lastEvent !== 'seal') this.#add(ACQUISITION_LOG, 'seal as the last event', this.#lastEvent);
      },
    });
  }

  get entries(): number {
    return this.#entries;
  }

  /** SHA-256 of the last raw line with its LF. */
  get headSha256(): string {
    return this.#headSha256;
  }

  /** Fingerprint of the first signer as the last `seal` names it; `null` when it names none. */
  get sealedBy(): string | null {
    return this.#story.sealedBy;
  }

  /** After the last file of the archive. */
  conclude(statement: Statement, observed: Observed, payload: PayloadTable): void {
    this.#story.conclude(statement, observed, payload);
  }

  #follow(entry: CustodyEntry, raw: Uint8Array, place: string): void {
    this.#entries += 1;
    if (entry.seq !== this.#entries) this.#add(place, `seq ${String(this.#entries)}`, `seq ${String(entry.seq)}`);
    if (entry.prev !== this.#headSha256) this.#add(place, `prev ${this.#headSha256}`, `prev ${entry.prev}`);
    this.#headSha256 = sha256Hex(raw);
    this.#lastEvent = entry.event;
    this.#story.see(entry, place);
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('chain', { path, expected, found });
  }
}
