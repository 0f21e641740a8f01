import { visibleText } from './visible-text.js';
import type { TextBlock } from './text-blocks.js';

const COLUMNS = 78;
const RULE = '='.repeat(COLUMNS);
const BLANK_LINE = '_'.repeat(40);

/** Words of already escaped text in lines of at most 78 columns where a space allows it; later lines are indented by `indent`. */
function wrapped(first: string, text: string, indent: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = indent + word;
    } else line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}

function renderBlock(block: TextBlock): string {
  if (block.kind === 'verbatim') return block.lines.map((line) => `    ${visibleText(line, Infinity)}`).join('\n');
  const text = visibleText(block.text, Infinity);
  switch (block.kind) {
    case 'title':
      return `${wrapped('', text, '')}\n${'='.repeat(Math.min(COLUMNS, text.length))}`;
    case 'heading':
      return `${wrapped('', text, '')}\n${'-'.repeat(Math.min(COLUMNS, text.length))}`;
    case 'bullet':
      return wrapped('  * ', text, '    ');
    case 'blank':
      return `${wrapped('', `${text}:`, '')}\n\n    ${BLANK_LINE}`;
    case 'paragraph':
      return wrapped('', text, '');
  }
}

/** Blocks as UTF-8 text for any reader, the privilege marking first; every untrusted character escaped. */
export function renderText(blocks: readonly TextBlock[], privilege: string | null): string {
  const marking = privilege === null ? [] : [`${RULE}\n${wrapped('', visibleText(privilege), '')}\n${RULE}`];
  let text = marking.join('');
  let previous: TextBlock['kind'] | null = null;
  for (const block of blocks) {
    const isListGoingOn = block.kind === 'bullet' && previous === 'bullet';
    if (text !== '') text += isListGoingOn ? '\n' : '\n\n';
    text += renderBlock(block);
    previous = block.kind;
  }
  return `${text}\n`;
}
