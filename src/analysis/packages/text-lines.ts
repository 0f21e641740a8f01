const LF = 0x0a;

/** Lines of a text without their LF, one at a time: millions of them take no memory. Of empty lines in a row there is one. */
export function* textLines(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const to = end === -1 ? text.length : end;
    yield text.slice(at, to);
    if (to === at) while (text.charCodeAt(at + 1) === LF) at += 1;
    else at = to;
    at += 1;
  }
}
