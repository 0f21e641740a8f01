/** Headers for node:http; a repeated name becomes several lines. */
export function headerLines(pairs: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    // Header bytes are written as Latin-1; names of people are UTF-8, which is what client-go sends.
    const bytes = Buffer.from(value, 'utf8').toString('latin1');
    const before = headers[name];
    if (before === undefined) headers[name] = bytes;
    else headers[name] = typeof before === 'string' ? [before, bytes] : [...before, bytes];
  }
  return headers;
}
