import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const INTO_SUMMARY = ['bash', '-c', 'exec "$@" > "$EXHIBIT_HOME/summary.json"', 'collect'];

/**
 * Our own `collect` of something inside nodes, each time into a new case. `accept(summary)` as of `collectContestant`. Where `stream` is
 * the end of a payload file's path, the sample has `streamS` and `streamBytes`: from its first byte to its last one, by its own record.
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

function streamOf(home, ending) {
  const cases = join(home, 'cases');
  const [caseId] = readdirSync(cases);
  const exhibits = join(cases, caseId, 'exhibits');
  const [exhibit] = readdirSync(exhibits);
  const items = readFileSync(join(exhibits, exhibit, 'items.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const item = items.find(({ path }) => path.endsWith(ending));
  if (item === undefined) throw new Error(`no ${ending} among ${items.map(({ path }) => path).join(', ')}`);
  const streamS = (Date.parse(item.lastByteAt) - Date.parse(item.firstByteAt)) / 1000;
  return { streamS, streamBytes: item.sizeBytes };
}
