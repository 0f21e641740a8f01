import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { asciiJson } from '../lib/ascii-json.js';
import { planRecordSchema } from '../model/artifact.js';
import { isGap, outcomeSchema } from '../model/outcome.js';
import type { OutcomeRecord } from '../model/outcome.js';
import type { ExhibitSpool } from './exhibit-spool.js';
import { ScratchFile } from './scratch-file.js';
import { SortedSpill } from './sorted-spill.js';
import type { SpillEntry } from './spill-run.js';
import { textMember } from './spool-line.js';

const MAX_MEMORY_BYTES = 5 * 1024 * 1024;
const BATCH = 1024;
const REQUIRED = '"required":';

export interface SealLedgerOptions {
  readonly exhibit: ExhibitSpool;
  /** For the sort. */
  readonly directory: string;
  readonly planFile: string;
  readonly outcomesFile: string;
  /** RFC 3339, for the outcomes that are made here. */
  readonly at: string;
}

export interface SealedLedger {
  /** Artifacts that got their outcome here. */
  readonly interrupted: number;
  /** Of all outcomes. */
  readonly gaps: number;
}

/**
 * Writes plan and outcomes sorted by artifact. What was planned and has no outcome, because the process that was to read it ended, gets
 * `failed`, reason `interrupted`: in the ledger of the spool, in the custody log and in the sorted file alike.
 */
export async function sealLedger(options: SealLedgerOptions): Promise<SealedLedger> {
  const { exhibit, directory } = options;
  const plan = spillOf(exhibit.layout.plan, directory);
  const outcomes = spillOf(exhibit.layout.outcomes, directory);
  const planFile = new ScratchFile(options.planFile);
  const outcomesFile = new ScratchFile(options.outcomesFile);
  try {
    return await new Merge({
      ...options,
      plan: plan.drainSync(),
      outcomes: outcomes.drainSync(),
      files: { planFile, outcomesFile },
    }).run();
  } finally {
    planFile.close();
    outcomesFile.close();
    plan.dispose();
    outcomes.dispose();
  }
}

/** The lines of a file, sorted by artifact. */
function spillOf(path: string, directory: string): SortedSpill {
  const spill = new SortedSpill({ directory, maxMemoryBytes: MAX_MEMORY_BYTES });
  scanLines(path, (line, number) => {
    const artifact = textMember(line, 'artifact');
    if (artifact === undefined) throw corrupt(path, number, 'it names no artifact');
    spill.add(artifact, line);
  });
  return spill;
}

interface MergeOptions extends SealLedgerOptions {
  readonly plan: Iterator<SpillEntry, void>;
  readonly outcomes: Iterator<SpillEntry, void>;
  readonly files: { readonly planFile: ScratchFile; readonly outcomesFile: ScratchFile };
}

class Merge {
  readonly #options: MergeOptions;
  #missing: OutcomeRecord[] = [];
  #interrupted = 0;
  #gaps = 0;

  constructor(options: MergeOptions) {
    this.#options = options;
  }

  async run(): Promise<SealedLedger> {
    const { plan, outcomes, files, exhibit } = this.#options;
    let outcome = next(outcomes);
    for (let planned = next(plan); planned !== null; planned = next(plan)) {
      files.planFile.write(`${planned.value}\n`);
      if (outcome?.key === planned.key) {
        files.outcomesFile.write(`${outcome.value}\n`);
        if (isGapLine(outcome.value)) this.#gaps += 1;
        outcome = next(outcomes);
        continue;
      }
      if (outcome !== null && outcome.key < planned.key) break;
      this.#addMissing(planned.value);
      if (this.#missing.length >= BATCH) await this.#flush();
    }
    if (outcome !== null)
      throw corrupt(exhibit.layout.outcomes, 0, `${outcome.key} was never planned, or has two outcomes`);
    await this.#flush();
    return { interrupted: this.#interrupted, gaps: this.#gaps };
  }

  #addMissing(planLine: string): void {
    const planned = planRecordSchema.parse(JSON.parse(planLine));
    const record: OutcomeRecord = {
      artifact: planned.artifact,
      collector: planned.collector,
      required: planned.required,
      outcome: 'failed',
      reason: 'interrupted',
      detail: 'the run ended before this was read, or while it was being read',
      proof: {},
      attempts: 0,
      at: this.#options.at,
    };
    this.#options.files.outcomesFile.write(`${asciiJson(record)}\n`);
    this.#missing.push(record);
    if (isGap(record)) this.#gaps += 1;
    this.#interrupted += 1;
  }

  async #flush(): Promise<void> {
    const missing = this.#missing;
    this.#missing = [];
    if (missing.length > 0) await this.#options.exhibit.outcomeMany(missing);
  }
}

/** `required` and `outcome` come before every field that holds words of others. */
function isGapLine(line: string): boolean {
  const parsed = outcomeSchema.safeParse(textMember(line, 'outcome'));
  return (
    parsed.success &&
    isGap({ outcome: parsed.data, required: line.startsWith('true', line.indexOf(REQUIRED) + REQUIRED.length) })
  );
}

function next(entries: Iterator<SpillEntry, void>): SpillEntry | null {
  const step = entries.next();
  return step.done === true ? null : step.value;
}
