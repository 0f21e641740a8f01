import type { z } from 'zod';
import type { SnapshotDiff } from '../workflows/snapshot/diff-snapshots.js';
import type { SnapshotHash } from '../workflows/snapshot/snapshot-hash.js';
import { renderBytes, renderDuration } from './quantities.js';
import type { snapshotHashResult } from './results/snapshot-block-results.js';
import { renderFacts, renderTable } from './table.js';

const SHOWN_RANGES = 50;

type HashDocument = z.infer<typeof snapshotHashResult>;

export function hashDocument(caseId: string, exhibitId: string, hash: SnapshotHash): HashDocument {
  return { case: caseId, exhibitId, ...hash };
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function presentSnapshotHash(hash: HashDocument): string {
  const { counts, facts, keptBlocks } = hash;
  const kept = keptBlocks === 0 ? '' : `, ${String(keptBlocks)} of them from the unfinished file`;
  return renderFacts([
    ['snapshot', hash.source],
    ['volume', facts.volume ?? `unknown: ${facts.unknownBecause ?? 'EC2 does not say'}`],
    ['taken', facts.takenAt ?? 'unknown'],
    ['hashed', `${hash.hashStartedAt} to ${hash.hashEndedAt} (${renderDuration(hash.durationMs)})`],
    ['size', `${String(hash.sizeBytes)} bytes, ${renderBytes(hash.holeBytes)} of them never written`],
    ['blocks', `${String(hash.blocks)} of ${renderBytes(hash.blockBytes)}${kept}`],
    ['SHA-256', hash.imageSha256],
    [
      'requests',
      `${String(counts.requests)}, ${String(counts.throttled)} throttled, ${String(counts.repeated)} repeated`,
    ],
    ['manifest', `${hash.manifest.path} of exhibit ${hash.exhibitId}`],
    ['written to', hash.exportedTo],
  ]);
}

export function presentSnapshotDiff(diff: SnapshotDiff): string {
  const { blocks, ranges, rangesTotal } = diff;
  const how =
    diff.by === 'platform'
      ? 'EBS records; what was written again with the same bytes counts'
      : 'digests of the two manifests';
  const facts = renderFacts([
    ['first', diff.first],
    ['second', diff.second],
    ['by', how],
    ['changed', plural(blocks.changed, 'block')],
    ['written', `${plural(blocks.written, 'block')} that the first does not have`],
    ['dropped', `${plural(blocks.dropped, 'block')} that the second does not have`],
  ]);
  if (ranges.length === 0) return facts;
  const rows = ranges
    .slice(0, SHOWN_RANGES)
    .map((range) => [
      range.change,
      String(range.offset),
      String(range.sizeBytes),
      String(range.firstBlock),
      String(range.blocks),
    ]);
  const more =
    rangesTotal > SHOWN_RANGES ? `\n... and ${plural(rangesTotal - SHOWN_RANGES, 'range')} more: --json` : '';
  return `${facts}\n\n${renderTable(['change', 'offset', 'bytes', 'first block', 'blocks'], rows)}${more}`;
}
