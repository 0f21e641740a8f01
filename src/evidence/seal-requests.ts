import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { ScratchFile } from './scratch-file.js';
import { SortedSpill } from './sorted-spill.js';
import { parseRequestLine } from './spool-request-log.js';
import type { RequestLine } from './spool-request-log.js';

const MAX_MEMORY_BYTES = 5 * 1024 * 1024;

/** More calls than any exhibit makes; it bounds what a damaged number can allocate. */
const MAX_CALLS = 2 ** 30;

export interface RequestSummary {
  readonly calls: number;
  /** Of them, those whose answer was never recorded: the process ended first. */
  readonly unanswered: number;
}

/** Writes one record per call, sorted by number: the one with the answer, else the one from before the call was sent. */
export function sealRequests(options: {
  readonly spool: string;
  readonly directory: string;
  readonly file: string;
}): RequestSummary {
  const spill = new SortedSpill({ directory: options.directory, maxMemoryBytes: MAX_MEMORY_BYTES });
  const file = new ScratchFile(options.file);
  let calls = 0;
  let unanswered = 0;
  try {
    const answered = answeredCalls(options.spool);
    scanRequests(options.spool, ({ kind, seq, json }) => {
      // Nearly every call has an answer: what was written before it was sent need not be sorted at all.
      if (kind === 'sent' && answered.has(seq)) return;
      if (kind === 'sent') unanswered += 1;
      spill.add(String(seq).padStart(15, '0'), json);
    });
    for (const { value } of spill.drainSync()) {
      calls += 1;
      file.write(`${value}\n`);
    }
    return { calls, unanswered };
  } finally {
    file.close();
    spill.dispose();
  }
}

function scanRequests(spool: string, onLine: (line: RequestLine) => void): void {
  scanLines(spool, (text, number) => {
    const line = parseRequestLine(text);
    if (line === null) throw corrupt(spool, number, 'it is not one of our records');
    onLine(line);
  });
}

/** Numbers of the calls with an answer, a bit each. */
function answeredCalls(spool: string): { has(seq: number): boolean } {
  let bits = new Uint8Array(1024);
  scanRequests(spool, ({ kind, seq }) => {
    if (kind === 'sent') return;
    if (seq > MAX_CALLS) throw corrupt(spool, 0, `it holds the number ${String(seq)}`);
    if (seq >> 3 >= bits.length) {
      const grown = new Uint8Array(Math.max(bits.length * 2, (seq >> 3) + 1));
      grown.set(bits);
      bits = grown;
    }
    bits[seq >> 3] = (bits[seq >> 3] ?? 0) | (1 << (seq & 7));
  });
  return { has: (seq) => ((bits[seq >> 3] ?? 0) & (1 << (seq & 7))) !== 0 };
}
