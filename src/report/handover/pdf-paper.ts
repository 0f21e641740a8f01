import PDFDocument from 'pdfkit';
import { toDate } from '../../lib/clock.js';
import type { ReceiptCode } from './receipt-code.js';
import { winAnsiText } from './win-ansi-text.js';

const REGULAR = 'Helvetica';
const BOLD = 'Helvetica-Bold';
const MONO = 'Courier';
const MARGINS = { top: 76, bottom: 64, left: 56, right: 56 } as const;
const INK = '#000000';
const SOFT = '#555555';
const LABEL_WIDTH = 150;
const CELL_PADDING = 3;

export interface PaperOptions {
  readonly title: string;
  /** Stands at the top of every page, the marking above the notice. */
  readonly marking: string | null;
  readonly notice: string | null;
  /** Stands at the bottom of every page before the page's number. */
  readonly footer: string;
  /** Epoch milliseconds: the only time in the document's own data. */
  readonly createdMs: number;
}

export interface TableColumn {
  readonly heading: string;
  /** Share of the width. */
  readonly share: number;
}

/**
 * A4 pages in PDF's own fonts, top to bottom. Every text is escaped here: what those fonts lack is shown as `\u{...}`. The bytes are a
 * function of what was written and of `createdMs`; they are not compressed, so that they do not depend on the version of zlib.
 */
export class PdfPaper {
  readonly #pdf: PDFKit.PDFDocument;
  readonly #options: PaperOptions;
  readonly #width: number;

  constructor(options: PaperOptions) {
    this.#options = options;
    this.#pdf = new PDFDocument({
      size: 'A4',
      margins: MARGINS,
      bufferPages: true,
      compress: false,
      lang: 'en',
      displayTitle: true,
      info: {
        Title: winAnsiText(options.title),
        Creator: 'exhibit',
        Producer: 'exhibit',
        CreationDate: toDate(options.createdMs),
      },
    });
    this.#width = this.#pdf.page.width - MARGINS.left - MARGINS.right;
    this.#pdf.font(REGULAR).fillColor(INK);
  }

  title(text: string): void {
    this.#write(text, { font: BOLD, size: 16, after: 8 });
  }

  heading(text: string): void {
    this.#room(60);
    this.#gap(6);
    this.#write(text, { font: BOLD, size: 11.5, after: 4 });
  }

  paragraph(text: string, emphasis = false): void {
    this.#write(text, { font: emphasis ? BOLD : REGULAR, size: 9.5, after: 6 });
  }

  bullet(text: string): void {
    this.#room(14);
    const { y } = this.#pdf;
    this.#pdf.font(REGULAR).fontSize(9.5).text('\u2022', MARGINS.left, y, { lineBreak: false });
    this.#pdf.y = y;
    this.#write(text, { font: REGULAR, size: 9.5, after: 4, indent: 12 });
  }

  verbatim(line: string): void {
    this.#write(line, { font: MONO, size: 8.5, after: 4, indent: 12 });
  }

  /** A name and what is known of it, side by side. */
  field(name: string, text: string): void {
    const shown = winAnsiText(text, 1500);
    this.#pdf.font(REGULAR).fontSize(9);
    const height = this.#pdf.heightOfString(shown, { width: this.#width - LABEL_WIDTH });
    this.#room(Math.min(height, 400) + 4);
    const { y } = this.#pdf;
    this.#pdf.font(BOLD).text(winAnsiText(name), MARGINS.left, y, { width: LABEL_WIDTH - 8 });
    const labelEnd = this.#pdf.y;
    this.#pdf.font(REGULAR).text(shown, MARGINS.left + LABEL_WIDTH, y, { width: this.#width - LABEL_WIDTH });
    this.#pdf.y = Math.max(labelEnd, this.#pdf.y) + 3;
    this.#pdf.x = MARGINS.left;
  }

  /** A line to write on by hand. */
  blank(name: string): void {
    this.#pdf.font(REGULAR).fontSize(9.5);
    const label = winAnsiText(name);
    const height = this.#pdf.heightOfString(label, { width: this.#width });
    this.#room(height + 30);
    this.#write(name, { font: REGULAR, size: 9.5, after: 20, soft: true });
    this.#rule(0.7);
    this.#gap(8);
  }

  /** A table with borders; cells that are `''` are left to be filled in by hand, with room for a signature. */
  table(columns: readonly TableColumn[], rows: readonly (readonly string[])[], minimumRowHeight = 0): void {
    const shares = columns.reduce((sum, { share }) => sum + share, 0);
    const widths = columns.map(({ share }) => (share / shares) * this.#width);
    const headings = columns.map(({ heading }) => heading);
    this.#row(headings, { widths, font: BOLD, minimum: 0 });
    for (const row of rows) {
      if (this.#row(row, { widths, font: REGULAR, minimum: minimumRowHeight, dryRun: true })) {
        this.#pdf.addPage();
        this.#row(headings, { widths, font: BOLD, minimum: 0 });
      }
      this.#row(row, { widths, font: REGULAR, minimum: minimumRowHeight });
    }
    this.#gap(8);
  }

  /** The code in a square of `side` points, with a text beside it. */
  code({ size, runs }: ReceiptCode, side: number, text: string): void {
    this.#room(side + 8);
    const { y } = this.#pdf;
    const unit = side / size;
    for (const run of runs) this.#pdf.rect(MARGINS.left + run.x * unit, y + run.y * unit, run.length * unit, unit);
    this.#pdf.fill(INK);
    this.#pdf
      .font(MONO)
      .fontSize(7.5)
      .text(winAnsiText(text), MARGINS.left + side + 12, y + 12, { width: this.#width - side - 12 });
    this.#pdf.y = Math.max(this.#pdf.y, y + side) + 8;
    this.#pdf.x = MARGINS.left;
  }

  /** Header and footer on every page, then the whole document. Nothing can be written afterwards. */
  async finish(): Promise<Buffer> {
    const pdf = this.#pdf;
    const { count } = pdf.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      pdf.switchToPage(page);
      // Text below the margin would begin a new page.
      pdf.page.margins.bottom = 0;
      this.#frame(page + 1, count);
    }
    const pieces: Uint8Array[] = [];
    const whole = new Promise<Buffer>((resolve, reject) => {
      pdf.on('data', (piece: Uint8Array) => pieces.push(piece));
      pdf.on('end', () => resolve(Buffer.concat(pieces)));
      pdf.on('error', reject);
    });
    pdf.end();
    return await whole;
  }

  #frame(page: number, pages: number): void {
    const { marking, notice, footer } = this.#options;
    const options = { width: this.#width, align: 'center', height: 11, ellipsis: true } as const;
    const left = MARGINS.left;
    if (marking !== null)
      this.#pdf.font(BOLD).fontSize(9).fillColor(INK).text(winAnsiText(marking, 110), left, 26, options);
    if (notice !== null)
      this.#pdf.font(BOLD).fontSize(9).fillColor(INK).text(winAnsiText(notice, 110), left, 42, options);
    const y = this.#pdf.page.height - 42;
    const text = `${winAnsiText(footer, 100)}   -   page ${String(page)} of ${String(pages)}`;
    this.#pdf.font(REGULAR).fontSize(8).fillColor(SOFT).text(text, left, y, options).fillColor(INK);
  }

  #write(
    text: string,
    style: {
      readonly font: string;
      readonly size: number;
      readonly after: number;
      readonly indent?: number;
      readonly soft?: boolean;
    },
  ): void {
    const { font, size, after, indent = 0, soft = false } = style;
    this.#pdf
      .font(font)
      .fontSize(size)
      .fillColor(soft ? SOFT : INK)
      .text(winAnsiText(text, Infinity), MARGINS.left + indent, this.#pdf.y, {
        width: this.#width - indent,
        lineGap: 1.5,
      })
      .fillColor(INK);
    this.#pdf.x = MARGINS.left;
    this.#gap(after);
  }

  /** Draws a row; with `dryRun` only says whether it does not fit on the page. */
  #row(
    cells: readonly string[],
    style: {
      readonly widths: readonly number[];
      readonly font: string;
      readonly minimum: number;
      readonly dryRun?: boolean;
    },
  ): boolean {
    const { widths, font, minimum, dryRun = false } = style;
    const pdf = this.#pdf;
    pdf.font(font).fontSize(7.5);
    const texts = cells.map((cell) => winAnsiText(cell, 240));
    const inner = (column: number): number => (widths[column] ?? 0) - 2 * CELL_PADDING;
    const heights = texts.map((text, column) => pdf.heightOfString(text, { width: inner(column) }));
    const height = Math.max(minimum, ...heights) + 2 * CELL_PADDING;
    const { y } = pdf;
    if (dryRun) return y + height > pdf.page.height - MARGINS.bottom;
    let x: number = MARGINS.left;
    for (const [column, text] of texts.entries()) {
      pdf
        .lineWidth(0.5)
        .rect(x, y, widths[column] ?? 0, height)
        .stroke(SOFT);
      pdf.fillColor(INK).text(text, x + CELL_PADDING, y + CELL_PADDING, { width: inner(column) });
      x += widths[column] ?? 0;
    }
    pdf.x = MARGINS.left;
    pdf.y = y + height;
    return false;
  }

  #rule(width: number): void {
    const { y } = this.#pdf;
    this.#pdf
      .lineWidth(width)
      .moveTo(MARGINS.left, y)
      .lineTo(MARGINS.left + this.#width, y)
      .stroke(INK);
  }

  #gap(points: number): void {
    this.#pdf.y += points;
  }

  /** Begins a new page where less than `points` are left. */
  #room(points: number): void {
    if (this.#pdf.y + points > this.#pdf.page.height - MARGINS.bottom) this.#pdf.addPage();
  }
}
