import { hash } from 'node:crypto';
import { CHAIN_START, custodyEntrySchema, type CustodyEntry } from '../../model/custody-entry.js';
import { ACQUISITION_LOG } from '../bag-layout.js';
import { CustodyStory } from './custody-story.js';
import { CustodyTokensCheck } from './custody-tokens-check.js';
import type { Findings } from './findings.js';
import { recordLines, type TagConsumer } from './record-lines.js';

/** Follows the hash chain of custody/acquisition.jsonl while it passes by. */
export class CustodyChain {
  readonly consumer: TagConsumer;
  readonly story: CustodyStory;
  readonly tokens: CustodyTokensCheck;
  readonly #findings: Findings;
  #entries = 0;
  #headSha256 = CHAIN_START;
  #last: CustodyEntry | null = null;

  constructor(findings: Findings, directory: string) {
    this.#findings = findings;
    this.story = new CustodyStory(findings, directory);
    this.tokens = new CustodyTokensCheck(findings);
    this.consumer = recordLines({
      path: ACQUISITION_LOG,
      schema: custodyEntrySchema,
      findings,
      onRecord: (entry, raw, place) => {
        this.#follow(entry, raw, place);
      },
      onEnd: () => {
        this.#end();
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

  #follow(entry: CustodyEntry, raw: Buffer, place: string): void {
    this.#entries += 1;
    if (entry.seq !== this.#entries) this.#add(place, `seq ${String(this.#entries)}`, `seq ${String(entry.seq)}`);
    if (entry.prev !== this.#headSha256) this.#add(place, `prev ${this.#headSha256}`, `prev ${entry.prev}`);
    this.#headSha256 = hash('sha256', raw, 'hex');
    this.#last = entry;
    this.story.see(entry, place);
    this.tokens.line(entry, raw);
  }

  #end(): void {
    if (this.#last?.event !== 'seal')
      this.#add(ACQUISITION_LOG, 'seal as the last event', this.#last?.event ?? 'no entry');
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('chain', { path, expected, found });
  }
}
