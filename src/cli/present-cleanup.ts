import { ExhibitError } from '../model/errors.js';
import { type CleanupSummary, nameOf } from '../workflows/cleanup.js';
import type { OurObject } from '../workflows/find-ours.js';
import { renderFacts, renderTable } from './table.js';

const MEANING: Readonly<Record<CleanupSummary['verdict'], string>> = {
  'nothing-left': 'nothing of ours is left in the cluster',
  'left': 'something of ours is still in the cluster',
  'unproven': 'nothing was found, and not every list could be read',
};
const MAX_ROWS = 100;

function presentOurs(objects: readonly OurObject[]): string {
  const rows = objects
    .slice(0, MAX_ROWS)
    .map((object) => [
      object.resource,
      object.namespace === null ? object.name : `${object.namespace}/${object.name}`,
      object.caseToken,
      object.node ?? '-',
      object.createdAt,
      object.isEnding ? 'ending' : 'there',
    ]);
  const more = objects.length > MAX_ROWS ? `\n... and ${String(objects.length - MAX_ROWS)} more` : '';
  return renderTable(['kind', 'name', 'case', 'node', 'created', 'state'], rows) + more;
}

export function presentCleanup(summary: CleanupSummary): string {
  const { left, found, foreign, unread, refused } = summary;
  const gone = found.filter((object) => !left.some(({ uid }) => uid === object.uid));
  const facts = renderFacts([
    ['verdict', MEANING[summary.verdict]],
    ['server', summary.server],
    ['case', summary.case ?? 'every case'],
    ['removed', gone.length === 0 ? null : gone.slice(0, MAX_ROWS).map(nameOf)],
    ['foreign', foreign.length === 0 ? null : foreign.slice(0, MAX_ROWS).map((one) => `${nameOf(one)}: left alone`)],
    ['not read', unread.length === 0 ? null : unread.map(({ resource, reason }) => `${resource}: ${reason}`)],
    ['refused', refused.length === 0 ? null : refused.map(({ object, message }) => `${object}: ${message}`)],
  ]);
  return left.length === 0 ? facts : `${facts}\n\n${presentOurs(left)}`;
}

/** What stderr says when the cluster is not proven clean; `null` when it is. */
export function cleanupNotice({ verdict, left, unread, server }: CleanupSummary): ExhibitError | null {
  if (verdict === 'nothing-left') return null;
  if (verdict === 'unproven') {
    const names = unread.map(({ resource }) => resource).join(', ');
    return new ExhibitError('CLEANUP_UNPROVEN', `these lists could not be read: ${names}`, {
      subject: server,
      hints: ['kubectl apply -f templates/rbac/collector-readonly.yaml', 'exhibit cleanup --verify'],
    });
  }
  return new ExhibitError('CLEANUP_LEFT', `${String(left.length)} objects of ours are still in the cluster`, {
    subject: server,
    hints: ['exhibit cleanup', 'exhibit cleanup --verify'],
  });
}
