/** What may stand on a terminal as it is: printable ASCII. The backslash is escaped too, so that an escape cannot be faked. */
const SAFE = /^[\x20-\x5b\x5d-\x7e]*$/;

const CUT_MARK = '...';

function escapeCharacter(character: string): string {
  if (SAFE.test(character)) return character;
  if (character === '\\') return '\\\\';
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint <= 0xff) return `\\x${codePoint.toString(16).padStart(2, '0')}`;
  return `\\u{${codePoint.toString(16)}}`;
}

/**
 * Untrusted text as one line of printable ASCII: control characters, escape sequences, bidirectional marks, look-alikes and line
 * ends come out as `\x1b`, `\u{202e}`, `\n`. At most `maxLength` characters (default 1,000), the last three then being dots; an
 * escape is never cut in two.
 */
export function escapeForTerminal(text: string, maxLength = 1000): string {
  if (text.length <= maxLength && SAFE.test(text)) return text;
  let escaped = '';
  let cutAt = 0;
  for (const character of text) {
    const piece = escapeCharacter(character);
    if (escaped.length + piece.length > maxLength) return escaped.slice(0, cutAt) + CUT_MARK.slice(0, maxLength);
    escaped += piece;
    if (escaped.length <= maxLength - CUT_MARK.length) cutAt = escaped.length;
  }
  return escaped;
}
