/** What says where a body ends: nothing else proves that it is whole. */
export type Framing =
  { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' | 'no-body' | 'none' };

/** By RFC 9112 section 6.3, for answers to all methods but HEAD and CONNECT. `rawHeaders` is the flat list of node:http. */
export function framingOf(status: number, rawHeaders: readonly string[]): Framing {
  if (status === 204 || status === 304 || status < 200) return { kind: 'no-body' };
  const headers = joinHeaders(rawHeaders);
  const codings = headers['transfer-encoding'];
  if (codings !== undefined)
    return { kind: codings.split(',').at(-1)?.trim().toLowerCase() === 'chunked' ? 'chunked' : 'none' };
  const length = headers['content-length']?.trim() ?? '';
  return /^[0-9]{1,15}$/.test(length) ? { kind: 'length', bytes: Number(length) } : { kind: 'none' };
}

/** Lower-case names; repeated headers joined with `, `. Without prototype, so that no name is special. */
export function joinHeaders(rawHeaders: readonly string[]): Readonly<Record<string, string>> {
  const headers = Object.create(null) as Record<string, string>;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
