import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readChain, type ChainEntry } from '../custody/read-chain.js';
import { caseLayout } from '../evidence/case-file.js';
import type { CaseStore } from '../evidence/case-store.js';
import { spoolLayout } from '../evidence/spool-layout.js';
import { stringAt } from '../lib/untyped.js';
import { ExhibitError } from '../model/errors.js';

/** A file of ours that may still be on a node, by the custody log of an exhibit: no way leads there from here. */
export interface LeftOnNode {
  readonly node: string;
  /** Its path, with `<time>` where the kubelet never said it. */
  readonly file: string;
  readonly exhibitId: string;
}

export interface LeftOnNodes {
  readonly files: readonly LeftOnNode[];
  /** Exhibits whose custody log could not be read. */
  readonly unread: readonly string[];
}

interface Asked {
  readonly subject: string;
  readonly node: string;
  file: string;
}

const UNKNOWN_TIME = '<time>.tar';

/** Checkpoints that were asked for and are not proven gone, entry by entry. */
class Checkpoints {
  #asked: Asked[] = [];

  add(entry: ChainEntry): void {
    const [kind, subject = ''] = [stringAt(entry, 'kind'), stringAt(entry, 'subject')];
    if (kind === 'checkpoint-container' && entry.event === 'action') this.#ask(subject, entry);
    if (kind === 'checkpoint-container' && entry.event === 'side-effect' && wroteNothing(entry)) {
      const last = this.#asked.findLastIndex((one) => one.subject === subject);
      this.#asked = this.#asked.filter((_, index) => index !== last);
    }
    if (kind === 'remove-checkpoint' && entry.event === 'side-effect') this.#removed(subject, entry);
  }

  get left(): readonly Omit<LeftOnNode, 'exhibitId'>[] {
    return this.#asked.map(({ node, file }) => ({ node, file }));
  }

  #ask(subject: string, entry: ChainEntry): void {
    const node = stringAt(entry, 'intended', 'node') ?? '';
    this.#asked.push({ subject, node, file: stringAt(entry, 'intended', 'file') ?? '' });
  }

  #removed(subject: string, entry: ChainEntry): void {
    const at = this.#asked.findIndex(
      ({ node, file }) =>
        file.endsWith(UNKNOWN_TIME) && subject.startsWith(`${node}:${file.slice(0, -UNKNOWN_TIME.length)}`),
    );
    const found = this.#asked[at];
    if (found === undefined) return;
    if (stringAt(entry, 'outcome') === 'proven-gone') this.#asked.splice(at, 1);
    else found.file = stringAt(entry, 'after', 'path') ?? found.file;
  }
}

/** Refused, or the kubelet says that the runtime could not: it writes the file last. */
function wroteNothing(entry: ChainEntry): boolean {
  if (stringAt(entry, 'outcome') === 'refused') return true;
  return stringAt(entry, 'outcome') === 'unknown' && (stringAt(entry, 'detail') ?? '').startsWith('status 500');
}

/** What the exhibits of a case, or of every case with `null`, say they left on nodes. A log in which somebody writes is read as far as it goes. */
export async function leftOnNodes(
  store: Pick<CaseStore, 'list'>,
  { casesDirectory, caseId }: { readonly casesDirectory: string; readonly caseId: string | null },
): Promise<LeftOnNodes> {
  const files: LeftOnNode[] = [];
  const unread: string[] = [];
  for (const one of await store.list()) {
    if (caseId !== null && one.caseId !== caseId) continue;
    for (const { exhibitId } of one.exhibits) {
      const { custody } = spoolLayout(join(caseLayout(casesDirectory, one.caseId).exhibits, exhibitId));
      if (!existsSync(custody)) continue;
      const checkpoints = new Checkpoints();
      try {
        readChain(custody, (entry) => {
          checkpoints.add(entry);
        });
      } catch (error) {
        if (!(error instanceof ExhibitError)) throw error;
        unread.push(exhibitId);
      }
      files.push(...checkpoints.left.map((file) => ({ ...file, exhibitId })));
    }
  }
  return { files, unread };
}
