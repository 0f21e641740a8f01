/** Header names and values as they go on the wire, in order. */
export type HeaderPairs = readonly (readonly [string, string])[];

/** What the sandbox would say, before a fault spoils it. */
export interface Answer {
  readonly status: number;
  /** Without Date, Audit-Id and framing, which are made for each call. */
  readonly headers: HeaderPairs;
  readonly body: Buffer;
  readonly chunked: boolean;
}

const NO_CACHE = ['Cache-Control', 'no-cache, private'] as const;

/** Go frames a body by its length when the handler ends within this many bytes, else by chunks. */
const GO_BUFFER_BYTES = 2048;

/** JSON as Go writes it: `<`, `>` and `&` escaped, and a newline at the end. */
export function goJson(value: unknown): Buffer {
  const text = JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
  return Buffer.from(`${text}\n`, 'utf8');
}

/** An answer of the API machinery. `flow` are the priority headers, which long-running calls do not have. */
export function jsonAnswer(status: number, body: Buffer, flow: HeaderPairs): Answer {
  const headers: HeaderPairs = [NO_CACHE, ['Content-Type', 'application/json'], ...flow];
  return { status, headers, body, chunked: body.length > GO_BUFFER_BYTES };
}

/** What the API server's and the kubelet's multiplexers say of a path that is nobody's. */
export function pageNotFound(flow: HeaderPairs): Answer {
  return {
    status: 404,
    headers: [NO_CACHE, ['Content-Type', 'text/plain; charset=utf-8'], ['X-Content-Type-Options', 'nosniff'], ...flow],
    body: Buffer.from('404 page not found\n'),
    chunked: false,
  };
}
