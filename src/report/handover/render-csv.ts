import { visibleText } from './visible-text.js';

/** What a spreadsheet takes for a formula, also in the wide forms that some turn into the plain ones, and after blanks. */
const FORMULA = /^ *[=+\-@\uff1d\uff0b\uff0d\uff20]/;
/** Tells spreadsheets that the bytes are UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';

function cell(text: string): string {
  const shown = visibleText(text);
  const isRisky = FORMULA.test(shown) || text.startsWith('\t') || text.startsWith('\r');
  return `"${(isRisky ? `'${shown}` : shown).replaceAll('"', '""')}"`;
}

/** Rows of untrusted cells as RFC 4180: every cell in quotes, CRLF, no control character inside, nothing that a spreadsheet would compute. */
export function renderCsv(rows: readonly (readonly string[])[]): string {
  return BYTE_ORDER_MARK + rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
