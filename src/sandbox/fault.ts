/** Which calls a fault hits. */
export interface FaultScope {
  /** Matched against path and query as sent. */
  readonly path: RegExp;
  /** Default: every method. */
  readonly method?: string;
  /** Lets this many matching calls through first. */
  readonly after?: number;
  /** Hits this many calls, then no more. Default: all. */
  readonly times?: number;
}

/** Spoils how the answer travels. Sizes count body bytes. */
export type TransportFault =
  /** The connection is torn down after so many bytes. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The body ends early and looks whole: last chunk sent, or a length that fits what was sent. */
  | { readonly kind: 'early-end'; readonly afterBytes: number }
  /** So many bytes, then silence on an open connection. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Silence from the beginning: not even a head. */
  | { readonly kind: 'no-answer' }
  /** The connection is torn down before any head. */
  | { readonly kind: 'reset' }
  /** Content-Length lies by so many bytes: above 0 it promises more than comes, below 0 less. */
  | { readonly kind: 'wrong-length'; readonly byBytes: number }
  /** After its body the answer goes on for ever. */
  | { readonly kind: 'endless' }
  /** The body comes in pieces with a pause before each. */
  | { readonly kind: 'slow'; readonly chunkBytes: number; readonly pauseMs: number };

/** Puts something else in the place of the answer, or changes it. */
export type AnswerFault =
  /** A Status of that code; 410 carries a token to go on with, as the real server's does. */
  | {
      readonly kind: 'status';
      readonly status: 401 | 403 | 404 | 410 | 429 | 500 | 502 | 503 | 504;
      readonly retryAfterSeconds?: number;
    }
  /** The kubelet's own words about a failure, with 200. */
  | { readonly kind: 'kubelet-sentence'; readonly sentence?: string }
  /** A body that claims to be JSON and is none. */
  | { readonly kind: 'not-json' }
  /** A page for people, with 200: a login portal in between. */
  | { readonly kind: 'html' }
  | { readonly kind: 'redirect'; readonly location: string }
  /** Every page of a list says that it continues at the same token. */
  | { readonly kind: 'same-token' }
  /** More objects in a list, with names that no honest server gives out. */
  | { readonly kind: 'hostile-names'; readonly names?: readonly string[] }
  /** Containers of the pods in the answer were started again: another id, one more restart. */
  | { readonly kind: 'restarted-containers' };

/** Spoils an exec after the upgrade. Sizes count bytes of standard output. */
export type ExecFault =
  /** The connection is closed in good order, and no status frame was sent. */
  | { readonly kind: 'exec-no-status' }
  /** The connection is torn down in the middle of a message. */
  | { readonly kind: 'exec-cut'; readonly afterBytes: number }
  /** Success is claimed though so many bytes only were sent, as servers have done. */
  | { readonly kind: 'exec-early-success'; readonly afterBytes: number }
  /** Silence of the program; pings are answered. */
  | { readonly kind: 'exec-silent'; readonly afterBytes: number }
  /** Silence of the whole peer. */
  | { readonly kind: 'exec-dead'; readonly afterBytes: number }
  /** Standard output goes on for ever. */
  | { readonly kind: 'exec-endless' }
  /** A message on a channel that does not exist, one that is text, an empty one, one of 8 MiB. */
  | { readonly kind: 'exec-garbage'; readonly what: 'channel' | 'text' | 'empty' | 'huge' }
  /** These bytes in the place of the status frame, so many times over. */
  | { readonly kind: 'exec-status'; readonly text: string; readonly repeated?: number }
  /** The status frame is sent and the connection stays open. */
  | { readonly kind: 'exec-stays-open' };

/** The certificate that the server shows on new connections. Not tied to a call. */
export interface TlsFault {
  readonly kind: 'bad-tls';
  readonly certificate: 'expired' | 'wrong-host' | 'unknown-authority';
}

export type CallFault = (TransportFault | AnswerFault | ExecFault) & FaultScope;
export type Fault = CallFault | TlsFault;

export const HOSTILE_NAMES: readonly string[] = [
  '..',
  '.',
  '../../../etc/passwd',
  'UPPER and space',
  'escape\u001b[2Jbell\u0007',
  'line\nbreak',
  'nul\u0000byte',
  '\u202eright-to-left',
  'con.aux',
  'x'.repeat(300),
  '__proto__',
  '',
];

const TRANSPORT = new Set<Fault['kind']>([
  'cut',
  'early-end',
  'stall',
  'no-answer',
  'reset',
  'wrong-length',
  'endless',
  'slow',
]);

export function isTransportFault(fault: CallFault): fault is TransportFault & FaultScope {
  return TRANSPORT.has(fault.kind);
}

export function isExecFault(fault: CallFault): fault is ExecFault & FaultScope {
  return fault.kind.startsWith('exec-');
}

/** Counts which calls each fault has hit. */
export class FaultBook {
  readonly #entries: { readonly fault: CallFault; seen: number; hits: number }[];

  constructor(faults: readonly Fault[]) {
    this.#entries = faults
      .filter((fault): fault is CallFault => fault.kind !== 'bad-tls')
      .map((fault) => ({ fault, seen: 0, hits: 0 }));
  }

  /** The faults that hit this call, in the order in which they were given. */
  take(method: string, target: string): CallFault[] {
    const taken: CallFault[] = [];
    for (const entry of this.#entries) {
      const { path, method: only, after = 0, times = Infinity } = entry.fault;
      // A fresh expression: one with the g flag remembers where it stopped.
      if ((only !== undefined && only !== method) || !new RegExp(path.source, path.flags.replace('g', '')).test(target))
        continue;
      entry.seen++;
      if (entry.seen <= after || entry.hits >= times) continue;
      entry.hits++;
      taken.push(entry.fault);
    }
    return taken;
  }
}
