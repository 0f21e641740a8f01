import { PdfPaper, type PaperOptions } from './pdf-paper.js';
import type { TextBlock } from './text-blocks.js';

function draw(paper: PdfPaper, block: TextBlock): void {
  switch (block.kind) {
    case 'title':
      paper.title(block.text);
      return;
    case 'heading':
      paper.heading(block.text);
      return;
    case 'paragraph':
      // A sentence in capitals is one that must not be overlooked.
      paper.paragraph(block.text, /^[A-Z ,:;.()-]{24}/.test(block.text));
      return;
    case 'bullet':
      paper.bullet(block.text);
      return;
    case 'blank':
      paper.blank(block.text);
      return;
    case 'verbatim':
      for (const line of block.lines) paper.verbatim(line);
  }
}

/** The same blocks as the text has, as PDF with lines to write on. */
export async function renderBlocksPdf(blocks: readonly TextBlock[], options: PaperOptions): Promise<Buffer> {
  const paper = new PdfPaper(options);
  for (const block of blocks) draw(paper, block);
  return await paper.finish();
}
