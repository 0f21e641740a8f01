import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const INTO_SUMMARY = ['bash', '-c', 'exec "$@" > "$EXHIBIT_HOME/summary.json"', 'collect'];

/**
 * Our own `collect` of something inside nodes, each time into a new case. `accept(summary)` as of `collectContestant`. Where `stream` is
 * `{ ending, bytes }`, the end of a payload file's path and what that file holds at least, the sample has `streamS` and `streamBytes`: from
 * its first byte to its last one, by its own record.
 */
export function nodeContestant(context, { name, flags, accept, stream = null }) {
  return {
    name,
    prepare: () => mkdtempSync(join(context.work, 'home-')),
    command: (home) => ({
      argv: [
        ...INTO_SUMMARY,
        ...context.exhibit,
        'collect',
        '--json',
        '--quiet',
        '--yes',
        '--node-rate',
        'unlimited',
        ...flags,
      ],
      env: { EXHIBIT_HOME: home },
      // Gaps end with 3: `accept` judges them.
      exitCodes: [0, 3],
    }),
    finish: (home) => {
      const wrong = accept(JSON.parse(readFileSync(join(home, 'summary.json'), 'utf8')));
      if (wrong) throw new Error(`${name}: ${wrong}`);
      const more = stream === null ? {} : streamOf(home, stream);
      rmSync(home, { recursive: true, force: true });
      return more;
    },
  };
}

/** `upper.tar`, or `upper.r2.tar` and so on of what was read again; also of a container that was started again, whose layer is small. */
const hasEnding = (path, ending) => path.replace(/\.r\d(?=\.[^/]*$)/, '').endsWith(ending);

/** Of the file that came whole and is as large as what was written; a fast wrong answer is no result. */
function streamOf(home, { ending, bytes }) {
  const cases = join(home, 'cases');
  const [caseId] = readdirSync(cases);
  const exhibits = join(cases, caseId, 'exhibits');
  const [exhibit] = readdirSync(exhibits);
  const items = readFileSync(join(exhibits, exhibit, 'items.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ path }) => hasEnding(path, ending));
  const whole = items.filter(({ outcome, sizeBytes }) => outcome === 'collected' && sizeBytes >= bytes);
  if (whole.length !== 1) {
    const found = items.map(({ path, outcome, sizeBytes }) => `${path} (${outcome}, ${sizeBytes} bytes)`).join(', ');
    throw new Error(`one whole ${ending} of at least ${bytes} bytes was expected, there are ${found || 'none'}`);
  }
  const [item] = whole;
  const streamS = (Date.parse(item.lastByteAt) - Date.parse(item.firstByteAt)) / 1000;
  return { streamS, streamBytes: item.sizeBytes };
}
