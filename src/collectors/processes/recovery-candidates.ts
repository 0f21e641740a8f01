import { NulRows } from '../nul-rows.js';
import { identityOf, isRegular, type FileFacts } from './file-rows.js';

/** One file without a name, and who holds it. */
export interface Candidate {
  readonly kind: 'executable' | 'memfd' | 'open-file';
  readonly file: FileFacts;
  /** The link of the first holder. */
  readonly link: Buffer | null;
  /** `<pid>/exe`, `<pid>/fd/<n>`. */
  readonly holders: readonly string[];
}

const RANK = { 'executable': 0, 'memfd': 1, 'open-file': 2 };

/** Rows of name and target. */
export class LinkRows {
  readonly links = new Map<string, Buffer>();
  readonly #rows = new NulRows(2, ([name, target]) => {
    const text = name?.toString('latin1') ?? '';
    if (target !== undefined && /^\d{1,10}\/(?:exe|fd\/\d{1,10})$/.test(text)) this.links.set(text, target);
  });

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }
}

function kindOf(names: readonly string[], link: Buffer | null): Candidate['kind'] {
  if (names.some((name) => name.endsWith('/exe'))) return 'executable';
  return link?.toString('latin1').startsWith('/memfd:') === true ? 'memfd' : 'open-file';
}

/**
 * What is worth recovering, once per file: what is run first, then memory that was made to look like a file, then the rest, the small before
 * the large. `links` are those that the kernel calls deleted or memfd; an executable without a link in any directory counts, too.
 */
export function recoveryCandidates(
  files: readonly FileFacts[],
  links: ReadonlyMap<string, Buffer>,
): readonly Candidate[] {
  const byFile = new Map<string, { file: FileFacts; names: string[] }>();
  for (const file of files) {
    const isNameless = links.has(file.name) || file.links === 0;
    if (!isNameless || !isRegular(file) || file.sizeBytes === 0) continue;
    const known = byFile.get(identityOf(file));
    if (known === undefined) byFile.set(identityOf(file), { file, names: [file.name] });
    else known.names.push(file.name);
  }
  return [...byFile.values()]
    .map(({ file, names }) => {
      const link = names.map((name) => links.get(name)).find((one) => one !== undefined) ?? null;
      return { kind: kindOf(names, link), file, link, holders: names };
    })
    .toSorted((one, other) => RANK[one.kind] - RANK[other.kind] || one.file.sizeBytes - other.file.sizeBytes);
}
