const MAX_WARNINGS = 32;
const WARNING = /299 \S+ "((?:[^"\\]|\\.){0,2000})"/g;

/** The texts of `Warning` headers as the API writes them (`299 - "text"`), joined or not; untrusted. */
export function parseWarnings(header: string | undefined): string[] {
  if (header === undefined) return [];
  const found = [...header.matchAll(WARNING)].slice(0, MAX_WARNINGS);
  return found.map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}
