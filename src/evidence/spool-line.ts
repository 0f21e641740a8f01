/**
 * Members of lines that we wrote ourselves, found without parsing the line. In ASCII JSON a quote inside a string is always escaped, so
 * `"name":` can only be a key; the first one is ours because our records have their own keys before any nested object that could repeat it.
 */

/** The string member `name`; `undefined` when there is none. */
export function textMember(line: string, name: string): string | undefined {
  const key = `"${name}":"`;
  const at = line.indexOf(key);
  if (at === -1) return undefined;
  const start = at + key.length;
  const end = line.indexOf('"', start);
  if (end === -1) return undefined;
  const text = line.slice(start, end);
  return text.includes('\\') ? parsedMember(line, name) : text;
}

/** The non-negative integer member `name`; `undefined` when there is none. */
export function integerMember(line: string, name: string): number | undefined {
  const key = `"${name}":`;
  const at = line.indexOf(key);
  if (at === -1) return undefined;
  let value = 0;
  let index = at + key.length;
  for (; ; index += 1) {
    const digit = line.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  return index > at + key.length && Number.isSafeInteger(value) ? value : undefined;
}

function parsedMember(line: string, name: string): string | undefined {
  try {
    const record: unknown = JSON.parse(line);
    if (record === null || typeof record !== 'object') return undefined;
    const value: unknown = (record as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
