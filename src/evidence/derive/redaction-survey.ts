import { asciiJson } from '../../lib/ascii-json.js';
import type { ItemRecord } from '../../model/artifact.js';
import { ExhibitError } from '../../model/errors.js';
import type { Statement } from '../../model/exhibit.js';
import { copyPass, type CopyPassOptions, type CopyVisitor, type ParentItem } from './copy-pass.js';
import { wholePath } from './parent-records.js';
import { SecretScanner } from './secret-scanner.js';
import { SecretTally } from './secret-tally.js';

/** The only file that is derived from records and from no other file. */
const NOTHING_COLLECTED = 'data/derived/nothing-collected.txt';
/** Why a file goes that was made of others: what it says of them would give away what went. */
export const DERIVED_FROM_REDACTED = 'derived-from-redacted';
/** Files that go for another reason than their path; a table of them is held. */
const MAX_DROPPED = 100_000;

export interface Survey {
  /** Whole files that go for another reason than a rule on their path, and the rules. */
  readonly dropped: ReadonlyMap<string, readonly string[]>;
  readonly redactions: number;
  readonly removedFiles: number;
  readonly maskedFiles: number;
  /** What looks like a secret in the copy that would come out, and the whole files that were collected as secrets. */
  readonly secrets: SecretTally;
}

/**
 * Applies the rules to the whole parent and writes nothing: how much would go, which files go because of others, and whether what stays
 * still holds something that looks like a secret, in files and in records.
 */
export async function surveyRedaction(
  options: Omit<CopyPassOptions, 'dropped' | 'visitor'>,
  statement: Statement,
): Promise<Survey> {
  const visitor = new SurveyVisitor(options);
  await copyPass({ ...options, dropped: new Map(), visitor });
  return await visitor.conclude(statement);
}

interface Counted {
  readonly redactions: number;
  readonly isMasked: boolean;
  readonly secrets: SecretTally;
}

class SurveyVisitor implements CopyVisitor {
  readonly #options: Omit<CopyPassOptions, 'dropped' | 'visitor'>;
  readonly #dropped = new Map<string, readonly string[]>();
  readonly #secrets = new SecretTally();
  /** Files that others were made of. */
  readonly #sources: ReadonlySet<string>;
  /** Of the sources: those that went or lost something. */
  readonly #touched = new Set<string>();
  /** Files that were made of others: whether they stay is known at the end. */
  readonly #derived = new Map<string, Counted>();
  readonly #derivedPaths: ReadonlySet<string>;
  #scanner: SecretScanner | null = null;
  #itemSecrets = new SecretTally();
  #itemRedactions = 0;
  #redactions = 0;
  #removedFiles = 0;
  #maskedFiles = 0;

  constructor(options: Omit<CopyPassOptions, 'dropped' | 'visitor'>) {
    this.#options = options;
    const { derived } = options.records;
    this.#sources = new Set(derived.flatMap(({ sources }) => sources));
    this.#derivedPaths = new Set(derived.map(({ path }) => path).filter((path) => path !== NOTHING_COLLECTED));
  }

  begin({ path }: ParentItem): void {
    const secrets = new SecretTally();
    this.#itemSecrets = secrets;
    this.#itemRedactions = 0;
    this.#scanner = new SecretScanner(({ kind, offset, text }) => {
      secrets.add(text, { kind, path, offset });
    });
  }

  bytes(bytes: Buffer): void {
    this.#scanner?.push(bytes);
  }

  redaction({ kind }: { readonly kind: 'masked' | 'removed' }): void {
    if (kind === 'removed') this.#redactions += 1;
    else this.#itemRedactions += 1;
  }

  end({ path, record }: ParentItem, { isMasked }: { readonly isMasked: boolean }): void {
    this.#scanner?.end();
    // Whoever collected it knew that it is a secret, whatever form that has.
    if (record.sensitivity === 'secret' && !isMasked)
      this.#itemSecrets.add(path, { kind: 'item marked secret', path, offset: 0 });
    const counted = { redactions: this.#itemRedactions, isMasked, secrets: this.#itemSecrets };
    if (isMasked) this.#touch(path);
    if (this.#derivedPaths.has(path)) this.#derived.set(path, counted);
    else this.#count(counted);
  }

  removed({ path }: ParentItem): void {
    this.#removedFiles += 1;
    this.#touch(path);
  }

  undecidable(item: ParentItem, { rule, what }: { readonly rule: string; readonly what: string }): void {
    if (!this.#options.rules.removesMalformed(rule)) {
      throw new ExhibitError('REDACTION_UNDECIDED', `rule ${rule} cannot read the file as JSON: ${what}`, {
        subject: item.path,
        hints: ['Say `malformed: remove` in the rule, or name the file in another one'],
        safe: 'Nothing was written.',
      });
    }
    this.#drop(item.path, [rule]);
    this.#touch(item.path);
  }

  async conclude(statement: Statement): Promise<Survey> {
    this.#dropDerived();
    for (const [path, counted] of this.#derived) if (!this.#dropped.has(path)) this.#count(counted);
    for await (const item of this.#options.records.items()) {
      if (!this.#dropped.has(wholePath(item))) continue;
      // One commitment a part.
      this.#redactions += 1;
      if ((item.part?.n ?? 1) === 1) this.#removedFiles += 1;
    }
    await this.#scanRecords(statement);
    return {
      dropped: this.#dropped,
      redactions: this.#redactions,
      removedFiles: this.#removedFiles,
      maskedFiles: this.#maskedFiles,
      secrets: this.#secrets,
    };
  }

  #touch(path: string): void {
    if (this.#sources.has(path)) this.#touched.add(path);
  }

  #drop(path: string, rules: readonly string[]): void {
    this.#dropped.set(path, rules);
    if (this.#dropped.size > MAX_DROPPED)
      throw new ExhibitError(
        'REDACTION_UNDECIDED',
        `more than ${String(MAX_DROPPED)} files would go because of others`,
        {
          hints: ['Remove their folder with a rule on its path'],
        },
      );
  }

  #count({ redactions, isMasked, secrets }: Counted): void {
    this.#redactions += redactions;
    if (isMasked) this.#maskedFiles += 1;
    this.#secrets.addAll(secrets);
  }

  /** What was made of what went, and what was made of that. */
  #dropDerived(): void {
    for (let isNew = true; isNew;) {
      isNew = false;
      for (const { path, sources } of this.#options.records.derived) {
        if (!this.#derived.has(path) || this.#dropped.has(path) || !sources.some((source) => this.#touched.has(source)))
          continue;
        this.#drop(path, [DERIVED_FROM_REDACTED]);
        this.#touch(path);
        isNew = true;
      }
    }
  }

  /** The records that the copy repeats, as far as they tell of files that stay. */
  async #scanRecords({ scope, authority }: Statement): Promise<void> {
    const { records } = this.#options;
    await this.#scan('meta/exhibit.json', [{ scope, authority }]);
    await this.#scan('meta/plan.jsonl', records.plan());
    await this.#scan('meta/outcomes.jsonl', records.outcomes());
    await this.#scan('meta/items.jsonl', this.#itemsThatStay());
  }

  async *#itemsThatStay(): AsyncGenerator<ItemRecord, void, undefined> {
    for await (const item of this.#options.records.items()) {
      const path = wholePath(item);
      if (!this.#dropped.has(path) && this.#options.rules.removing(path).length === 0) yield item;
    }
  }

  async #scan(path: string, lines: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    const scanner = new SecretScanner(({ kind, offset, text }) => {
      this.#secrets.add(text, { kind, path, offset });
    });
    for await (const line of lines) scanner.push(Buffer.from(`${asciiJson(line)}\n`, 'latin1'));
    scanner.end();
  }
}
