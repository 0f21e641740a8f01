import type { z } from 'zod';
import { NOT_STATED } from '../model/case.js';
import type { caseShowResult } from './results/case-results.js';
import { renderFacts } from './table.js';

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
    ['opened', shown.openedAt],
    ['directory', shown.directory],
    ...shown.exhibits.map(
      ({ exhibitId, state, archive }) =>
        ['exhibit', `${exhibitId} (${state})${archive === null ? '' : ` ${archive}`}`] as const,
    ),
  ]);
}
