import { derivedFacts } from '../derived-facts.js';
import { asciiJson } from '../../lib/ascii-json.js';
import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { Outcome } from '../../model/outcome.js';
import type { CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { nodeSubject } from '../node-subject.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { openItem } from '../open-item.js';
import { MAX_SYSTEM_BYTES, SYSTEM_SCRIPT } from './far-scripts.js';
import { isExpected, parseSystemFacts, type SystemFacts } from './system-facts.js';

/** Outcomes of this run, by way to the node and name of the artifact. Ends with the way. */
const outcomes = new WeakMap<NodeAccess, Map<string, Outcome>>();

export function noteOutcome(access: NodeAccess, name: string, outcome: Outcome): void {
  const known = outcomes.get(access) ?? new Map<string, Outcome>();
  known.set(name, outcome);
  outcomes.set(access, known);
}

export interface Coverage {
  /** Artifacts that must be on such a node, and how many of them were obtained, whole or in part. */
  readonly expected: number;
  readonly found: number;
  /** Of 100, rounded down; 100 where nothing is expected. */
  readonly percent: number;
  readonly missing: readonly { readonly name: string; readonly outcome: Outcome; readonly absenceMeaning: string }[];
  readonly foundThoughNotExpected: readonly string[];
  /** Expected, and read before an interruption or not at all: not counted as found. */
  readonly notReadInThisRun: readonly string[];
}

const isObtained = (outcome: Outcome | undefined): boolean => outcome === 'collected' || outcome === 'partial';

/** Pure. */
export function coverageOf(
  entries: Iterable<CatalogueEntry>,
  facts: SystemFacts,
  known: ReadonlyMap<string, Outcome>,
): Coverage {
  const all = [...entries];
  const expected = all.filter(({ expectedOn }) => isExpected(expectedOn, facts));
  const found = expected.filter(({ name }) => isObtained(known.get(name)));
  const missing = expected.flatMap(({ name, absenceMeaning }) => {
    const outcome = known.get(name);
    return outcome === undefined || isObtained(outcome) ? [] : [{ name, outcome, absenceMeaning }];
  });
  return {
    expected: expected.length,
    found: found.length,
    percent: expected.length === 0 ? 100 : Math.floor((100 * found.length) / expected.length),
    missing,
    foundThoughNotExpected: all
      .filter((entry) => !expected.includes(entry) && isObtained(known.get(entry.name)))
      .map(({ name }) => name),
    notReadInThisRun: expected.filter(({ name }) => !known.has(name)).map(({ name }) => name),
  };
}

/** Keeps what the node says that it is, and writes what of the expected was found. Asked for after everything else of the node has ended. */
export async function collectCoverage(entries: Iterable<CatalogueEntry>, work: NodeWork): Promise<CollectResult> {
  const { access } = work;
  const isLive = access.facts.vantage === 'live-kernel';
  const chunks: Buffer[] = [];
  const system = await runNodeStep(work, {
    step: 'system',
    file: 'system.txt',
    command: { script: SYSTEM_SCRIPT, args: [isLive ? 'live' : 'disk'], maxBytes: MAX_SYSTEM_BYTES },
    watch: (bytes) => {
      chunks.push(Buffer.from(bytes));
    },
  });
  const from = system.captured?.path ?? null;
  if (from === null) return system.result;
  const facts = parseSystemFacts(Buffer.concat(chunks).toString('latin1'), isLive);
  const coverage = coverageOf(entries, facts, outcomes.get(access) ?? new Map<string, Outcome>());
  const { expected, found, percent } = coverage;
  const proof = { expectedArtifacts: expected, foundArtifacts: found, percent };
  const result = judged(system.result, coverage);
  await write({ content: { system: facts, ...coverage }, from, isWhole: result.outcome === 'collected' }, work);
  return { ...result, proof: { ...result.proof, ...proof } };
}

/** The number is whole when the node said all of what it is and every expected artifact was looked for to the end. */
function judged(system: CollectResult, { notReadInThisRun, missing }: Coverage): CollectResult {
  if (system.outcome !== 'collected') return system;
  const failed = missing.filter(({ outcome }) => outcome === 'failed').length;
  const unread = notReadInThisRun.length;
  if (unread + failed === 0) return { outcome: 'collected', reason: 'complete', detail: '', proof: {} };
  const detail = `of the expected artifacts ${unread} were not read in this run and ${failed} could not be read`;
  return { outcome: 'partial', reason: 'incomplete', detail, proof: {} };
}

interface Written {
  readonly content: object;
  readonly from: string;
  readonly isWhole: boolean;
}

async function write({ content, from, isWhole }: Written, work: NodeWork): Promise<void> {
  const { access, part, planned, collector, context } = work;
  const { writer } = await openItem(context.sink, {
    path: `data/derived/nodes/${part.segment}/${collector}/coverage.json`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: 'normal',
  });
  try {
    await writer.write(Buffer.from(`${asciiJson(content)}\n`, 'latin1'));
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.commit(derivedFacts(nodeSubject(part), [from], isWhole ? 'collected' : 'partial'));
}
