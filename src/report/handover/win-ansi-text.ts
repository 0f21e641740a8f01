import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { visibleText } from './visible-text.js';

/** What the standard fonts of PDF have beyond Latin-1: the printable part of Windows-1252. */
const WINDOWS_1252 =
  '\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178';
const IN_FONT = new RegExp(`^[\\x20-\\x7e\\xa1-\\xac\\xae-\\xff${WINDOWS_1252}]$`, 'u');

/**
 * As `visibleText`, for the standard fonts of PDF, which have no other characters than those of Windows-1252 and leave out the rest
 * without a word: what is outside is shown as `\u{...}`, in the bytes of the document as well as on paper.
 */
export function winAnsiText(text: string, maxLength?: number): string {
  let shown = '';
  for (const character of visibleText(text, maxLength))
    shown += IN_FONT.test(character) ? character : escapeForTerminal(character);
  return shown;
}
