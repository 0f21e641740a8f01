import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { Proof } from '../../model/outcome.js';
import type { CollectResult } from '../../ports/collector.js';
import type { StepResult } from '../combine-results.js';
import { uncoveredLinks } from './linked-bases.js';
import { listingSpecOf } from './path-pattern.js';
import type { ReadListing } from './read-listing.js';

const MAX_SHOWN = 3;
/** What find says of a folder that it may not read; one that vanished under it is another matter. */
const DENIED = /: (?:Permission denied|Operation not permitted)$/m;

export function listingProof({ listing, end }: ReadListing): Proof {
  return {
    listed: listing.total,
    foldersRead: listing.walkedBases.size,
    foldersAbsent: listing.absentBases,
    foldersDenied: listing.deniedBases + listing.incompleteBases,
    end: end.end,
    exitStatus: end.exitStatus ?? -1,
  };
}

function partial(step: string, reason: string, detail: string): StepResult {
  return { step, result: { outcome: 'partial', reason, detail: escapeForTerminal(detail, 300), proof: {} } };
}

/** What the listing lacks, as steps that did not end well. */
export function listingGaps({ listing, end, isWhole }: ReadListing): readonly StepResult[] {
  const gaps: StepResult[] = [];
  if (!isWhole) {
    const reason = end.end === 'complete' ? 'listing-malformed' : end.end;
    gaps.push(partial('listing', reason, end.endDetail ?? end.stderr.trim()));
  }
  const denied = listing.deniedBases + listing.incompleteBases;
  if (denied > 0) {
    const reason = listing.deniedBases > 0 || DENIED.test(end.stderr) ? 'denied-parts' : 'unread-parts';
    gaps.push(partial('listing', reason, `${denied} folders could not be looked into: ${end.stderr.trim()}`));
  }
  const links = uncoveredLinks(listing.linkedBases, listing.walkedBases);
  if (links.length > 0) {
    const shown = links.slice(0, MAX_SHOWN).map(({ at, target }) => `${at} -> ${target}`);
    gaps.push(
      partial(
        'listing',
        'behind-link',
        `${links.length} places lie behind links, which are not followed: ${shown.join(', ')}`,
      ),
    );
  }
  return gaps;
}

/** Bases of patterns that mean a whole folder: where one was read and had nothing, the artifact is empty, not absent. */
function hasEmptyFolder(entry: CatalogueEntry, { listing }: ReadListing): boolean {
  return entry.paths
    .map((pattern) => listingSpecOf(pattern, entry.limits.maxDepth))
    .some(({ base, regex }) => ['\\./.*', '\\./[^/]*'].includes(regex) && listing.emptyBases.has(base));
}

/** The outcome of an artifact of which nothing was listed. `absent` and `empty` only when every place was looked into. */
export function nothingListed(entry: CatalogueEntry, read: ReadListing): CollectResult {
  const proof = listingProof(read);
  const [gap] = listingGaps(read);
  if (gap !== undefined) {
    const { reason, detail } = gap.result;
    if (reason === 'denied-parts') return { outcome: 'denied', reason: 'permission', detail, proof };
    if (reason === 'behind-link') return { outcome: 'skipped', reason, detail, proof };
    return { outcome: 'failed', reason, detail, proof };
  }
  const outcome = hasEmptyFolder(entry, read) ? 'empty' : 'absent';
  return {
    outcome,
    reason: outcome === 'empty' ? 'nothing-there' : 'no-such-file',
    detail: entry.absenceMeaning,
    proof,
  };
}
