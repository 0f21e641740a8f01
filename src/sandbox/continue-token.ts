/** The paging token of the API server: base64url of JSON, opaque to clients. */
export interface ContinueToken {
  /** -1 means that the list goes on at the latest version. */
  readonly resourceVersion: number;
  /** Where to go on, relative to the list's own prefix. */
  readonly startKey: string;
}

const VERSION = 'meta.k8s.io/v1';

export function encodeContinue(token: ContinueToken): string {
  const json = JSON.stringify({ v: VERSION, rv: token.resourceVersion, start: token.startKey });
  return Buffer.from(json, 'utf8').toString('base64url');
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Go's words for a character that no JSON value begins with. It reads the bytes as Latin-1. */
function goSyntaxError(bytes: Buffer): string {
  return `invalid character '${bytes.subarray(0, 1).toString('latin1')}' looking for beginning of value`;
}

/** The token, or in the server's own words why it is none. */
export function decodeContinue(text: string): ContinueToken | string {
  const bad = /[^A-Za-z0-9_-]/.exec(text);
  if (bad !== null) return `illegal base64 data at input byte ${bad.index}`;
  const bytes = Buffer.from(text, 'base64url');
  const value = parseObject(bytes.toString('utf8'));
  if (value === undefined) return goSyntaxError(bytes);
  const { v, rv, start } = value;
  if (v !== VERSION) return `server does not recognize this encoded version ${String(v)}`;
  if (typeof rv !== 'number' || rv === 0) return `incorrect encoded start resourceVersion (version ${VERSION})`;
  if (typeof start !== 'string' || start === '') return `encoded start key empty (version ${VERSION})`;
  // A key that climbs out of its prefix would read what lies beside the list.
  if (start.split('/').includes('..')) return start;
  return { resourceVersion: rv, startKey: start };
}
