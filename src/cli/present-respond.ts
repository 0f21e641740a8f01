import type { z } from 'zod';
import { parseInstant } from '../lib/clock.js';
import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import type { RespondSummary } from '../workflows/respond/respond.js';
import { PHASES } from '../workflows/respond/respond-state.js';
import type { respondResult } from './results/respond-results.js';
import { renderFacts, renderTable } from './table.js';

type Document = z.infer<typeof respondResult>;
type Ended = Document['phases'][number];

const MAX_REASONS = 20;

export function respondDocument(caseId: string, { state, collected, sealed }: RespondSummary): Document {
  const { exhibitId, request, confirmedAt, contained } = state;
  const inOrder = PHASES.flatMap((phase) => state.phases.find((one) => one.phase === phase) ?? []);
  const phases = inOrder.flatMap(({ phase, outcome, reason, startedAt, endedAt }): readonly Ended[] =>
    outcome === null || endedAt === null ? [] : [{ phase, outcome, reason, startedAt, endedAt }],
  );
  return {
    ...{ case: caseId, exhibitId, target: `${request.target} ${request.names.join(', ')}`, confirmedAt, phases },
    ...{ containment: contained, collected, sealed },
  };
}

function seconds(from: string, to: string): string {
  return `${(((parseInstant(to) ?? 0) - (parseInstant(from) ?? 0)) / 1000).toFixed(1)} s`;
}

function nextLines({ sealed, containment }: Document): readonly string[] {
  const verify =
    sealed === null
      ? ['Not sealed. Next: exhibit seal']
      : [
          `Check it: exhibit verify ${shellWord(sealed.archivePath)} --receipt ${shellWord(sealed.receiptPath)}`,
          `Send the receipt off this machine now: ${sealed.receiptPath}`,
        ];
  const release =
    containment === null ? [] : [`Give it back, when it is over: exhibit release --plan ${containment.plan}`];
  return [...verify, ...release];
}

function replacementsOf(containment: Document['containment']): readonly string[] {
  if (containment === null) return ['none'];
  const { replacements } = containment;
  if (replacements === null) return ['could not be listed'];
  return replacements.length === 0 ? ['none seen yet'] : replacements.map((one) => `${one}: not the suspect`);
}

/** One line a phase, the verdict of the containment, and what to do next. */
export function presentRespond(document: Document): string {
  const { phases, containment, sealed, target, exhibitId } = document;
  const rows = phases.map(({ phase, outcome, reason, startedAt, endedAt }) => [
    ...[phase, outcome, seconds(startedAt, endedAt)],
    reason,
  ]);
  const reasons = containment?.reasons ?? [];
  const more = reasons.length - MAX_REASONS;
  const facts = renderFacts([
    ['containment', containment === null ? 'NONE' : containment.verdict],
    ['because', [...reasons.slice(0, MAX_REASONS), ...(more > 0 ? [`and ${String(more)} more`] : [])]],
    ['target', target],
    ['exhibit', exhibitId],
    ['replacements', replacementsOf(containment)],
    ['archive', sealed === null ? 'none' : sealed.archivePath],
  ]);
  return [renderTable(['phase', 'became', 'took', 'why'], rows), '', facts, '', ...nextLines(document)].join('\n');
}

/** What stderr says when a phase fell short; `null` when none did. */
export function respondNotice({ phases, target, sealed, containment }: Document): ExhibitError | null {
  const short = phases.filter(({ outcome }) => outcome === 'partial' || outcome === 'failed');
  if (short.length === 0) return null;
  const names = short.map(({ phase, outcome }) => `${phase} (${outcome})`).join(', ');
  const [kind = 'node', name = 'NAME'] = target.split(' ');
  const isFree = containment === null && short.some(({ phase }) => phase === 'protect' || phase === 'contain');
  const again = kind === 'pod' ? 'exhibit quarantine pod ' : 'exhibit quarantine node --suspect NAMESPACE/POD ';
  return new ExhibitError('RESPOND_PARTIAL', `these phases fell short: ${names}`, {
    subject: target,
    hints: [
      ...(isFree ? [again + shellWord(name)] : []),
      ...(sealed === null ? ['exhibit seal'] : []),
      ...(sealed === null ? [] : [`exhibit show ${shellWord(sealed.archivePath)}`]),
      ...(containment === null ? [] : [`exhibit release --plan ${containment.plan}`]),
    ],
    safe:
      sealed === null
        ? 'What was collected is complete on disk and hashed; what was changed is in the journal with its way back.'
        : 'What was collected is sealed; what was changed is in the journal with its way back.',
  });
}
