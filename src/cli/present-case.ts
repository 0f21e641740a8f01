import type { z } from 'zod';
import { NOT_STATED } from '../model/case.js';
import type { caseShowResult } from './results/case-results.js';
import { renderFacts } from './table.js';

type ExhibitShown = z.infer<typeof caseShowResult>['exhibits'][number];

/** `interrupted, incident, 71 of 146 read`: state, kind, and how far an open one has come. A collection that runs now looks interrupted. */
export function exhibitState({ state, kind, progress, encryption }: ExhibitShown): string {
  const isWhole = progress?.finished === true && progress.read >= progress.planned;
  const collected = isWhole ? 'complete, not sealed' : 'not finished: running or interrupted';
  return [
    progress === null ? state : collected,
    ...encryptionText(state, encryption),
    ...(kind === null ? [] : [kind]),
    ...(progress === null ? [] : [`${String(progress.read)} of ${String(progress.planned)} read`]),
  ].join(', ');
}

function encryptionText(state: ExhibitShown['state'], encryption: ExhibitShown['encryption']): readonly string[] {
  if (encryption === null || state === 'given-up') return [];
  if (state === 'open') return ['to be encrypted'];
  return [encryption === 'done' ? 'encrypted' : 'encryption not finished: exhibit seal'];
}

/** A case for people. */
export function presentCase(shown: z.infer<typeof caseShowResult>): string {
  const { authority } = shown;
  const limits = authority === NOT_STATED ? {} : authority.limits;
  return renderFacts([
    ['case', `${shown.caseId} (${shown.state}${shown.inUse ? ', in use' : ''})`],
    ['reference', shown.reference],
    ['reason', shown.reason],
    ['authority', authority === NOT_STATED ? NOT_STATED : `${authority.by}, ${authority.at}, ${authority.ground}`],
    ['limited to', limits.namespaces === undefined ? null : `namespaces ${limits.namespaces.join(', ')}`],
    ['limited to', limits.nodes === undefined ? null : `nodes ${limits.nodes.join(', ')}`],
    ['until', limits.notAfter],
    ['operator', shown.operator],
    ['hold', shown.hold],
    ['privilege', shown.privilege],
    ['opened', shown.openedAt],
    ['directory', shown.directory],
    ...shown.exhibits.map(
      (exhibit) =>
        [
          'exhibit',
          `${exhibit.exhibitId} (${exhibitState(exhibit)})${exhibit.archive === null ? '' : ` ${exhibit.archive}`}`,
        ] as const,
    ),
  ]);
}
