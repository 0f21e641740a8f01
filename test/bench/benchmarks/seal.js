import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { archiveOf, copySpool, LARGE, makeSpool, small, warm } from '../harness/spool.js';
import { run } from '../harness/tools.js';

/** Our seal as a contestant, each time of a fresh copy of the same open exhibit. */
export function sealContestant(context, name, spool) {
  return {
    name,
    prepare: () => copySpool(context, spool),
    command: ({ home, caseId }) => ({
      argv: [...context.exhibit, 'seal', '--json', '--quiet', '--no-input', '--case', caseId],
      env: { EXHIBIT_HOME: home },
    }),
    finish: ({ home, caseId }) => {
      const archiveBytes = statSync(archiveOf(home, caseId)).size;
      run(['rm', '-rf', home]);
      return { archiveBytes };
    },
  };
}

/** What people do instead: digests of the files, then one compressed archive of them. */
function shellContestant(context, name, spool) {
  const folder = join(context.work, 'shell');
  const script = [
    'find data -type f -print0 | sort -z | xargs -0 sha256sum > "$OUT/manifest-sha256.txt"',
    'tar --create --file=- data | gzip -1 > "$OUT/archive.tar.gz"',
  ].join('; ');
  return {
    name,
    prepare: () => mkdirSync(folder, { recursive: true }),
    command: () => ({ script, cwd: spool.exhibit, env: { OUT: folder } }),
    finish: () => {
      const archiveBytes = statSync(join(folder, 'archive.tar.gz')).size;
      run(['rm', '-rf', folder]);
      return { archiveBytes };
    },
  };
}

const PEER = 'sha256sum, tar | gzip -1';

async function compare(context, shape) {
  const spool = makeSpool(context, shape);
  warm(spool);
  const samples = await interleave(context, [
    sealContestant(context, 'exhibit seal', spool),
    shellContestant(context, PEER, spool),
  ]);
  return { samples, columns: [{ field: 'archiveBytes', title: 'archive bytes', digits: 0 }] };
}

const goalsWith = (limit) => (m) => [
  goal('wall, of the shell', m['exhibit seal'].wallS / m[PEER].wallS, { atMost: limit }),
  goal('RSS', m['exhibit seal'].rssBytes / 1e6, { atMost: 220, unit: 'MB' }),
];

export const sealLarge = {
  name: 'seal-large',
  title: 'Seal 8 files of 128 MiB, the finished archive read back and verified',
  run: async (context) => ({
    ...(await compare(context, context.quick ? { ...LARGE, sizeBytes: 2 ** 23 } : LARGE)),
    goals: goalsWith(0.7),
  }),
};

export const sealSmall = {
  name: 'seal-small',
  title: 'Seal 100,000 files of 0.2 to 4 kB, the finished archive read back and verified',
  run: async (context) => ({
    ...(await compare(context, small(context.quick ? 2000 : 100_000))),
    goals: goalsWith(1.1),
  }),
};
