import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import { type CleanupSummary, nameOf } from '../workflows/cleanup.js';
import type { HeldObject } from '../workflows/find-held.js';
import type { OurObject } from '../workflows/find-ours.js';
import { renderFacts, renderTable } from './table.js';

const MEANING: Readonly<Record<CleanupSummary['verdict'], string>> = {
  'nothing-left': 'nothing of ours is left',
  'left': 'something of ours is still there',
  'held': 'nothing of a collection is left, and something is still contained',
  'unproven': 'nothing was found, and not everything could be looked at',
};
const MAX_ROWS = 100;
const MAX_HINTS = 5;

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

const shownFile = ({ node, file }: CleanupSummary['onNodes'][number]): string => `${node}: ${file}`;

function shownHold({ object, caseToken, plan, abandoned = false }: HeldObject): string {
  const whose = `${plan === null ? 'a plan' : `plan ${plan}`} of case ${caseToken}`;
  return `${object}: held by ${whose}${abandoned ? ', which was closed with it' : ''}`;
}

export function presentCleanup(summary: CleanupSummary): string {
  const { left, found, foreign, unread, refused, mounts, onNodes, held } = summary;
  const ended = mounts.found.filter((point) => !mounts.left.includes(point));
  const gone = found.filter((object) => !left.some(({ uid }) => uid === object.uid));
  const facts = renderFacts([
    ['verdict', MEANING[summary.verdict]],
    ['server', summary.server ?? 'no cluster was asked'],
    ['case', summary.case ?? 'every case'],
    ['removed', gone.length === 0 ? null : gone.slice(0, MAX_ROWS).map(nameOf)],
    ['unmounted', ended.length === 0 ? null : ended],
    ['mounted', mounts.left.length === 0 ? null : mounts.left],
    ['on nodes', onNodes.length === 0 ? null : onNodes.slice(0, MAX_ROWS).map(shownFile)],
    ['held', held.length === 0 ? null : held.slice(0, MAX_ROWS).map(shownHold)],
    ['foreign', foreign.length === 0 ? null : foreign.slice(0, MAX_ROWS).map((one) => `${nameOf(one)}: left alone`)],
    ['not read', unread.length === 0 ? null : unread.map(({ resource, reason }) => `${resource}: ${reason}`)],
    ['refused', refused.length === 0 ? null : refused.map(({ object, message }) => `${object}: ${message}`)],
  ]);
  return left.length === 0 ? facts : `${facts}\n\n${presentOurs(left)}`;
}

function unprovenNotice({ unread, onNodes, server }: CleanupSummary): ExhibitError {
  const names = unread.map(({ resource }) => resource).join(', ');
  const files = onNodes.slice(0, MAX_ROWS).map(shownFile).join(', ');
  const what = [
    ...(names === '' ? [] : [`these lists could not be read: ${names}`]),
    ...(files === '' ? [] : [`checkpoints with all memory of a container may lie on nodes: ${files}`]),
  ];
  return new ExhibitError('CLEANUP_UNPROVEN', what.join('; '), {
    ...(server === null ? {} : { subject: server }),
    hints: [
      ...(files === '' ? [] : ['look on each node, and remove it there: ls -l /var/lib/kubelet/checkpoints']),
      ...(names === '' ? [] : ['kubectl apply -f templates/rbac/collector-readonly.yaml']),
      'exhibit cleanup --verify',
    ],
  });
}

/**
 * `exhibit release` of each plan that is known, else of each case. A closed case is released by nobody: the journal in its directory says
 * what was there before.
 */
function heldNotice({ held, server }: CleanupSummary): ExhibitError {
  const commands = held.map(({ caseToken, plan, abandoned = false }) => {
    if (abandoned) return `exhibit case show ${shellWord(caseToken)}`;
    const words = [`exhibit release --case ${shellWord(caseToken)}`];
    return [...words, ...(plan === null ? [] : [`--plan ${shellWord(plan)}`])].join(' ');
  });
  const closed = [...new Set(held.flatMap(({ caseToken, abandoned }) => (abandoned === true ? [caseToken] : [])))];
  const of = closed.length === 0 ? '' : `; of closed cases, to be taken back by hand: ${closed.sort().join(', ')}`;
  return new ExhibitError('CLEANUP_LEFT', `${String(held.length)} changes of containments are still there${of}`, {
    ...(server === null ? {} : { subject: server }),
    hints: [...new Set(commands)].sort((a, b) => b.length - a.length).slice(0, MAX_HINTS),
  });
}

/** What stderr says when it is not proven that nothing is left; `null` when it is. */
export function cleanupNotice(summary: CleanupSummary): ExhibitError | null {
  const { verdict, left, mounts, server } = summary;
  if (verdict === 'nothing-left') return null;
  if (verdict === 'unproven') return unprovenNotice(summary);
  if (verdict === 'held') return heldNotice(summary);
  const what = [
    ...(left.length === 0 ? [] : [`${String(left.length)} objects of ours are still in the cluster`]),
    ...(mounts.left.length === 0 ? [] : [`disk images are still mounted on this machine: ${mounts.left.join(', ')}`]),
  ];
  return new ExhibitError('CLEANUP_LEFT', what.join('; '), {
    ...(server === null ? {} : { subject: server }),
    hints: ['exhibit cleanup', 'exhibit cleanup --verify'],
  });
}
