import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { DerivedLines } from '../derived-lines.js';
import { concernsOneAnswer } from '../interrupted.js';
import { nodeSubject } from '../node-subject.js';
import type { NodeWork } from '../node-step.js';
import { openItem } from '../open-item.js';
import { describeFile } from './describe-file.js';
import { listingGaps, listingProof, nothingListed } from './judge-listing.js';
import type { Listing } from './listing.js';
import { logHoles } from './pod-log-observer.js';
import { readListing, type ReadListing } from './read-listing.js';
import { selectContent, type Selection } from './select-content.js';
import { hashFiles, isChanged, readCertificates, takeFiles } from './take-content.js';
import { takeJournals } from './take-journals.js';
import { NOTHING_TAKEN, type DigestName, type TakenContent, type Taking } from './taken-content.js';

/** Keeps the rows of the listing as they came: when everything was looked at, before anything was opened. */
async function keepListing(entry: CatalogueEntry, work: NodeWork, { raw, end, isWhole }: ReadListing): Promise<string> {
  const { access, part, planned, collector, context } = work;
  const { path, writer } = await openItem(context.sink, {
    path: `data/nodes/${part.segment}/${collector}/${entry.name}/listing.nul`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: entry.sensitivity === 'secret' ? 'personal' : entry.sensitivity,
  });
  try {
    for (const chunk of raw) await writer.write(chunk);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.commit({
    subject: nodeSubject(part),
    source: {
      argv: [...end.argv],
      method: access.facts.rung,
      ...(end.auditId === null ? {} : { auditId: end.auditId }),
    },
    outcome: isWhole ? 'collected' : 'partial',
    sourceChanged: null,
    firstByteAt: end.firstByteAt,
    lastByteAt: end.lastByteAt,
  });
  return path;
}

async function take(taking: Taking): Promise<TakenContent> {
  if (taking.selection.chosen.size === 0) return NOTHING_TAKEN;
  switch (taking.entry.content) {
    case 'full':
      return await takeFiles(taking);
    case 'hash-only':
      return await hashFiles(taking);
    case 'certificates':
      return await readCertificates(taking);
    case 'journal-export':
      return await takeJournals(taking);
    case 'list-only':
    case 'kernel-text':
      return NOTHING_TAKEN;
  }
}

/** The listing after the content was read; `null` when it could not be had: then nothing is known of changes. */
async function listAgain(entry: CatalogueEntry, work: NodeWork): Promise<Listing | null> {
  if (entry.content === 'list-only') return null;
  try {
    const { listing, isWhole } = await readListing(entry, work);
    return isWhole ? listing : null;
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return null;
  }
}

interface DerivedFile {
  /** Of the file's name, behind that of the artifact. */
  readonly suffix: string;
  readonly lines: readonly object[];
  readonly from: readonly string[];
}

async function derive(entry: CatalogueEntry, work: NodeWork, file: DerivedFile): Promise<void> {
  const { access, part, planned, collector, context } = work;
  const derived = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${part.segment}/${collector}/${entry.name}${file.suffix}.jsonl`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: entry.sensitivity === 'secret' ? 'personal' : entry.sensitivity,
  });
  try {
    for (const line of file.lines) await derived.add(line);
    await derived.commit(nodeSubject(part), file.from);
  } finally {
    await derived.abort();
  }
}

interface Read {
  readonly before: ReadListing;
  readonly selection: Selection;
  readonly taken: TakenContent;
  readonly after: Listing | null;
}

function contentGaps({ before, selection, taken }: Read, missing: number): StepResult[] {
  const gaps: StepResult[] = [];
  const beyond = before.listing.total - before.listing.files().length;
  const leftOut = selection.leftOut.size + beyond;
  const partial = (reason: string, detail: string): void => {
    gaps.push({ step: 'limits', result: { outcome: 'partial', reason, detail, proof: {} } });
  };
  if (leftOut > 0) partial('left-out', `${leftOut} files are beyond the limits of the artifact; they are listed`);
  if (missing > 0 && taken.steps.every(({ result }) => result.outcome === 'collected'))
    partial('vanished', `${missing} files were listed and could not be read`);
  return gaps;
}

/** Lists what there is of an artifact, reads it, lists it again, and says of each file what became of it. */
export async function collectEntry(
  entry: CatalogueEntry,
  work: NodeWork,
  furtherDigests: readonly DigestName[],
): Promise<CollectResult> {
  const before = await readListing(entry, work);
  if (before.listing.total === 0) return nothingListed(entry, before);
  const listingPath = await keepListing(entry, work, before);
  const files = before.listing.files();
  const isListOnly = entry.content === 'list-only';
  const selection = selectContent(isListOnly ? [] : files, entry, entry.content === 'full');
  const taken = await take({ entry, work, selection, furtherDigests });
  const after = await listAgain(entry, work);
  const read: Read = { before, selection, taken, after };
  const from = [listingPath, ...taken.items];
  const missing = [...selection.chosen.keys()].filter((path) => !taken.files.has(path)).length;
  const changed = files.filter(
    (file) => after !== null && file.type === 'file' && isChanged(file, after.get(file.path)),
  );
  const changedPaths = new Set(changed.map(({ path }) => path));
  const lines = files.map((file) =>
    describeFile(file, {
      content: taken.files.get(file.path),
      leftOut: selection.leftOut.get(file.path),
      wasAsked: selection.chosen.has(file.path),
      changed: after === null ? null : changedPaths.has(file.path),
    }),
  );
  await derive(entry, work, { suffix: '', lines, from });
  await derive(entry, work, { suffix: '.logins', lines: taken.logins, from });
  await derive(entry, work, { suffix: '.log-holes', lines: logHoles(taken.podLogs), from });
  const listed: StepResult = {
    step: 'listing',
    result: { outcome: 'collected', reason: 'complete', detail: '', proof: {} },
  };
  return combineResults([listed, ...listingGaps(before), ...taken.steps, ...contentGaps(read, missing)], {
    ...listingProof(before),
    read: taken.files.size,
    leftOut: selection.leftOut.size,
    notRead: missing,
    changedWhileRead: after === null ? -1 : changed.length,
  });
}
