import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { ScratchFile } from './scratch-file.js';
import { SortedSpill } from './sorted-spill.js';
import { parseRequestLine } from './spool-request-log.js';

const MAX_MEMORY_BYTES = 5 * 1024 * 1024;

export interface RequestSummary {
  readonly calls: number;
  /** Of them, those whose answer was never recorded: the process ended first. */
  readonly unanswered: number;
}

/** Writes one record per call, sorted by number: the one with the answer, else the one from before the call was sent. */
export function sealRequests(options: { readonly spool: string; readonly directory: string; readonly file: string }): RequestSummary {
  const spill = new SortedSpill({ directory: options.directory, maxMemoryBytes: MAX_MEMORY_BYTES });
  const file = new ScratchFile(options.file);
  let calls = 0;
  let unanswered = 0;
  try {
    scanLines(options.spool, (text, number) => {
      const line = parseRequestLine(text);
      if (line === null) throw corrupt(options.spool, number, 'it is not one of our records');
      spill.add(`${String(line.seq).padStart(15, '0')} ${line.kind}`, line.json);
    });
    let last = '';
    for (const { key, value } of spill.drainSync()) {
      const [seq = '', kind = ''] = key.split(' ');
      // `done` sorts before `sent` and says more.
      if (seq === last) continue;
      last = seq;
      calls += 1;
      if (kind === 'sent') unanswered += 1;
      file.write(`${value}\n`);
    }
    return { calls, unanswered };
  } finally {
    file.close();
    spill.dispose();
  }
}
