import { escapeForTerminal } from '../../lib/terminal-escape.js';

/** Letters, digits, punctuation, symbols and the plain space: what shows as itself and takes up room. */
const SHOWN = /^[\p{L}\p{N}\p{P}\p{S} ]$/u;
/** Shown by nothing, or by an empty space, although it counts as a letter or a symbol; and the sign of our own escapes. */
const NEVER = /^[\p{Default_Ignorable_Code_Point}\u2800\\]$/u;
const MARK = /^\p{M}$/u;
/** Accents that may stand on one letter; more of them write over the lines above and below. */
const MAX_MARKS = 4;
const CUT = '...';

/** Untrusted text is cut here in documents for people. */
const MAX_LENGTH = 2000;

/**
 * Untrusted text as one line that a person can read in any script: letters of all languages stay, while control characters, line ends,
 * bidirectional and invisible characters, foreign spaces, heaps of accents, unassigned characters and the backslash come out as
 * `\n`, `\x1b`, `\u{202e}`, `\\`. At most `maxLength` UTF-16 units, the last three then being dots.
 */
export function visibleText(text: string, maxLength = MAX_LENGTH): string {
  let shown = '';
  let cutAt = 0;
  // A mark without a letter before it would stand on the text that comes before.
  let marks = MAX_MARKS;
  for (const character of text) {
    const isMark = MARK.test(character);
    marks = isMark ? marks + 1 : 0;
    const isShown = !NEVER.test(character) && (isMark ? marks <= MAX_MARKS : SHOWN.test(character));
    const piece = isShown ? character : escapeForTerminal(character);
    if (shown.length + piece.length > maxLength) return shown.slice(0, cutAt) + CUT.slice(0, maxLength);
    shown += piece;
    if (shown.length <= maxLength - CUT.length) cutAt = shown.length;
  }
  return shown;
}
