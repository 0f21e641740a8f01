import type { BpfMention, BpfProgram } from './bpf-views.js';

/** What one view of the kernel's programs knows and another does not. */
export interface BpfFinding {
  readonly finding: 'bpf-program-not-listed' | 'bpf-program-without-visible-holder';
  /** `race`: it may have been loaded or unloaded while the views were read. */
  readonly verdict: 'steady' | 'race';
  readonly programId: number;
  /** Of the list; empty for a program that is in none. */
  readonly type: string;
  readonly name: string;
  /** Who mentions it; at most 20. */
  readonly mentions: readonly BpfMention[];
}

export interface BpfViews {
  /** The list before and after everything else; `null` = it could not be had. */
  readonly before: readonly BpfProgram[] | null;
  readonly after: readonly BpfProgram[] | null;
  readonly mentions: readonly BpfMention[];
  /** Mentions that were read a second time, after the last list. */
  readonly mentionsAfter: readonly BpfMention[];
  /** Whether all that the two lists name is in them: of a part, what is missing is not left out by the kernel. */
  readonly isListWhole: boolean;
  /** Whether every view in which a holder might show was read. */
  readonly isEveryHolderRead: boolean;
}

const MAX_FINDINGS = 10_000;
const MAX_MENTIONS = 20;

export function mentionsById(mentions: readonly BpfMention[]): Map<number, BpfMention[]> {
  const byId = new Map<number, BpfMention[]>();
  for (const mention of mentions) {
    const known = byId.get(mention.programId) ?? [];
    byId.set(mention.programId, known);
    known.push(mention);
  }
  return byId;
}

/**
 * A program that is mentioned and that the kernel's own list leaves out is hidden from whoever asks for the list: steady when it is mentioned
 * both before and after the last list. One that is listed both times, with nothing that holds it, is held by what no view shows: a socket, the
 * kernel itself, or a hidden process.
 */
export function bpfFindings(views: BpfViews): readonly BpfFinding[] {
  const { before, after, mentions, mentionsAfter, isListWhole, isEveryHolderRead } = views;
  if (before === null || after === null) return [];
  const listed = new Map([...before, ...after].map((program) => [program.id, program]));
  const stillMentioned = new Set(mentionsAfter.map(({ programId }) => programId));
  const byId = mentionsById(mentions);
  const hidden = [...byId]
    .filter(([id]) => isListWhole && !listed.has(id))
    .map(([programId, all]): BpfFinding => {
      const verdict = stillMentioned.has(programId) ? 'steady' : 'race';
      const of = { programId, type: '', name: '', mentions: all.slice(0, MAX_MENTIONS) };
      return { finding: 'bpf-program-not-listed', verdict, ...of };
    });
  const lasting = new Map(before.map((program) => [program.id, program]));
  const unheld = after
    .filter(({ id, pinned }) => isEveryHolderRead && pinned.length === 0 && lasting.get(id)?.pinned.length === 0)
    .filter(({ id }) => !byId.has(id) && !stillMentioned.has(id))
    .map(({ id, type, name }): BpfFinding => {
      const finding = 'bpf-program-without-visible-holder';
      return { finding, verdict: 'steady', programId: id, type, name, mentions: [] };
    });
  return [...hidden, ...unheld].slice(0, MAX_FINDINGS);
}
