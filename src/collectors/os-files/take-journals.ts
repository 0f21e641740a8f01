import type { StepResult } from '../combine-results.js';
import { runNodeStep } from '../node-step.js';
import { NulRows } from '../nul-rows.js';
import { folderLines } from './folder-lines.js';
import { JOURNAL_CHECK_SCRIPT, JOURNAL_EXPORT_SCRIPT, MAX_JOURNAL_FOLDERS } from './journal-scripts.js';
import { NOTHING_TAKEN, type FileContent, type TakenContent, type Taking } from './taken-content.js';

const MAX_CHECK_BYTES = 4 * 1024 * 1024;
/** One journal is looked through in silence. */
const CHECK_IDLE_MS = 180_000;
/** The first entry comes when all journals are open. */
const EXPORT_IDLE_MS = 300_000;
const VERDICTS = ['sound', 'damaged', 'unreadable', 'not-checked'] as const;
type JournalVerdict = (typeof VERDICTS)[number];

function shortcomings(verdicts: ReadonlyMap<string, JournalVerdict>, asked: number): StepResult[] {
  const of = (verdict: JournalVerdict): number => [...verdicts.values()].filter((one) => one === verdict).length;
  const gaps: StepResult[] = [];
  const partial = (reason: string, detail: string): void => {
    gaps.push({ step: 'journals', result: { outcome: 'partial', reason, detail, proof: {} } });
  };
  const damaged = of('damaged');
  const unreadable = of('unreadable');
  if (damaged + unreadable > 0)
    partial(
      'journal-damaged',
      `${unreadable} journals cannot be opened, and ${damaged} are damaged: entries may be missing`,
    );
  if (verdicts.size < asked)
    partial(
      'left-out',
      `${asked - verdicts.size} journals are in more than ${MAX_JOURNAL_FOLDERS} folders, moved, or went`,
    );
  if (of('not-checked') > 0)
    partial('not-checked', `${of('not-checked')} journals were not looked through for damage in time`);
  return gaps;
}

/** The entries of all journals as `journalctl` writes them out, and what it thinks of each journal. The journals themselves are another artifact. */
export async function takeJournals({ entry, work, selection }: Taking): Promise<TakenContent> {
  const stdin = folderLines(selection.chosen.keys());
  const exported = await runNodeStep(work, {
    step: 'export',
    file: `${entry.name}/journalctl-entries.export`,
    sensitivity: entry.sensitivity,
    command: { script: JOURNAL_EXPORT_SCRIPT, stdin, maxBytes: entry.limits.maxBytes, idleTimeoutMs: EXPORT_IDLE_MS },
  });
  const verdicts = new Map<string, JournalVerdict>();
  const rows = new NulRows(2, ([path, said]) => {
    const verdict = VERDICTS.find((one) => one === said?.toString('latin1'));
    const key = path?.toString('latin1') ?? '';
    if (verdict !== undefined && selection.chosen.has(key)) verdicts.set(key, verdict);
  });
  const checked = await runNodeStep(work, {
    step: 'check',
    file: `${entry.name}/checks.nul`,
    command: { script: JOURNAL_CHECK_SCRIPT, stdin, maxBytes: MAX_CHECK_BYTES, idleTimeoutMs: CHECK_IDLE_MS },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  });
  const isExported = exported.result.outcome === 'collected' || exported.result.outcome === 'empty';
  const files = new Map<string, FileContent>();
  for (const [path, journal] of verdicts)
    files.set(path, { journal, isExported: isExported && journal !== 'unreadable' });
  const gaps = ['collected', 'empty'].includes(checked.result.outcome)
    ? shortcomings(verdicts, selection.chosen.size)
    : [];
  const items = [exported, checked].flatMap(({ captured }) => captured?.path ?? []);
  return { ...NOTHING_TAKEN, files, items, steps: [exported, checked, ...gaps] };
}
