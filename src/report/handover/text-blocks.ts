import { ExhibitError } from '../../model/errors.js';

/** One piece of a plain document. Texts are still as untrusted as what was filled in: the renderers escape them. */
export type TextBlock =
  | { readonly kind: 'title' | 'heading' | 'paragraph' | 'bullet' | 'blank'; readonly text: string }
  /** Commands and digests, line by line, never wrapped. */
  | { readonly kind: 'verbatim'; readonly lines: readonly string[] };

/** A text, several (a block that begins with `{{*name}}` is repeated for each), or `null`: the block is left out. */
export type TextValues = Readonly<Record<string, string | readonly string[] | null>>;

const MARKS = { '# ': 'title', '## ': 'heading', '- ': 'bullet', '_ ': 'blank' } as const;
const PLACEHOLDER = /\{\{(\*?)([a-zA-Z0-9]+)\}\}/g;

/** Of one value, so that no name from a cluster makes a page of its own. */
const MAX_VALUE = 1500;

type Fill = (text: string) => string | null;

function plain(value: string | readonly string[]): string {
  const text = typeof value === 'string' ? value : value.join(', ');
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 3)}...`;
}

/** One `Fill` for each copy of the block: one where it names no list. */
function fillsFor(block: string, values: TextValues): readonly Fill[] {
  const valueOf = (name: string): string | readonly string[] | null => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined)
      throw new ExhibitError('INTERNAL', `a legal template names {{${name}}}, which nobody fills`);
    return value;
  };
  const fillWith =
    (repeated: string | null): Fill =>
    (text) => {
      if (text.replace(PLACEHOLDER, '').includes('{{'))
        throw new ExhibitError('INTERNAL', 'a legal template holds braces that are no placeholder');
      const found = [...text.matchAll(PLACEHOLDER)].map(([, star, name = '']) =>
        star === '*' && repeated !== null ? repeated : valueOf(name),
      );
      if (found.includes(null)) return null;
      return text.replace(PLACEHOLDER, () => plain(found.shift() ?? ''));
    };
  const list = /\{\{\*([a-zA-Z0-9]+)\}\}/.exec(block)?.[1];
  if (list === undefined) return [fillWith(null)];
  const value = valueOf(list) ?? [];
  return (typeof value === 'string' ? [value] : value).map(fillWith);
}

function blockOf(source: string, fill: Fill): TextBlock | null {
  if (source.startsWith('    ')) {
    const lines = source.split('\n').map((line) => fill(line.slice(4)));
    const kept = lines.filter((line) => line !== null);
    return kept.length === 0 ? null : { kind: 'verbatim', lines: kept };
  }
  const mark = /^(?:#{1,2}|-|_) /.exec(source)?.[0] ?? '';
  const text = fill(source.slice(mark.length).replace(/\n */g, ' '));
  if (text === null) return null;
  return { kind: mark in MARKS ? MARKS[mark as keyof typeof MARKS] : 'paragraph', text };
}

/**
 * A template of templates/legal as blocks. Blocks are separated by empty lines: `# ` title, `## ` heading, `- ` bullet, `_ ` a line to be
 * filled in by hand, four spaces verbatim, anything else a paragraph. The structure is read before a value is filled in, so that no value
 * can become structure. Throws `INTERNAL` for a name that has no value.
 */
export function textBlocks(template: string, values: TextValues): TextBlock[] {
  return template
    .split(/\n(?:[ \t]*\n)+/)
    .map((source) => source.replace(/\n+$/, ''))
    .filter((source) => source.trim() !== '')
    .flatMap((source) => fillsFor(source, values).map((fill) => blockOf(source, fill)))
    .filter((block) => block !== null);
}
