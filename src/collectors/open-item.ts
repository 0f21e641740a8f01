import { ExhibitError } from '../model/errors.js';
import type { EvidenceSink, ItemDraft, ItemWriter } from '../ports/evidence-sink.js';

const MAX_ATTEMPTS = 9;

export interface OpenedItem {
  readonly path: string;
  readonly writer: ItemWriter;
}

/** `a/page-0001.json` and 2 give `a/page-0001.r2.json`: room for what is read again after an interruption. */
function renamed(path: string, attempt: number): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.indexOf('.');
  const cut = dot === -1 ? path.length : path.length - name.length + dot;
  return `${path.slice(0, cut)}.r${String(attempt)}${path.slice(cut)}`;
}

/**
 * Opens a payload file. A path that is taken already gets `.r2`, `.r3` ... before its suffix: an interrupted run may have committed
 * it before its artifact had an outcome, and two hostile names may have been shortened to one.
 * Throws what the sink throws when the ninth name is not free either.
 */
export async function openItem(sink: EvidenceSink, draft: ItemDraft): Promise<OpenedItem> {
  for (let attempt = 1; ; attempt += 1) {
    const path = attempt === 1 ? draft.path : renamed(draft.path, attempt);
    try {
      return { path, writer: await sink.open({ ...draft, path }) };
    } catch (error) {
      const mayBeTaken = error instanceof ExhibitError && error.code === 'INTERNAL';
      if (!mayBeTaken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
