import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { archiveOf, copySpool, dropSpool, LARGE, makeSpool, mixed, small } from '../harness/spool.js';
import { run } from '../harness/tools.js';

/** Seals a copy of the spool, not measured, and leaves it there. */
export function sealOnce(context, spool) {
  const { home, caseId } = copySpool(context, spool);
  const kept = `${home}-${basename(spool.home)}`;
  run(['rm', '-rf', kept]);
  run(['mv', home, kept]);
  run([...context.exhibit, 'seal', '--json', '--quiet', '--no-input', '--case', caseId], {
    env: { ...process.env, EXHIBIT_HOME: kept },
  });
  return { home: kept, archive: archiveOf(kept, caseId) };
}

export function verifyContestant(context, name, { home, archive }) {
  return {
    name,
    command: () => ({
      argv: [...context.exhibit, 'verify', '--json', '--quiet', archive],
      env: { EXHIBIT_HOME: home },
    }),
  };
}

/** What VERIFY.md tells a stranger, without the signature. */
function shellContestant(context, name, { archive }) {
  const folder = join(context.work, 'unpacked');
  const exhibitId = basename(archive, '.tar.gz');
  return {
    name,
    prepare: () => mkdirSync(folder),
    command: () => ({
      cwd: folder,
      script: `gzip -dc ${archive} | tar --extract --file=-; cd ${exhibitId}; sha256sum --strict --quiet -c manifest-sha256.txt`,
    }),
    finish: () => void run(['rm', '-rf', folder]),
  };
}

const PEER = 'gzip -dc | tar x, sha256sum -c';

async function compare(context, shape) {
  const sealed = sealOnce(context, makeSpool(context, shape));
  run(['bash', '-c', 'cat "$0" > /dev/null', sealed.archive]);
  const samples = await interleave(context, [
    verifyContestant(context, 'exhibit verify', sealed),
    shellContestant(context, PEER, sealed),
  ]);
  run(['rm', '-rf', sealed.home]);
  return { samples };
}

const goalsWith = (wall, rssMb) => (m) => [
  goal('wall, of the shell', m['exhibit verify'].wallS / m[PEER].wallS, { atMost: wall }),
  goal('RSS', m['exhibit verify'].rssBytes / 1e6, { atMost: rssMb, unit: 'MB' }),
];

export const verifyLarge = {
  name: 'verify-large',
  title: 'Verify the archive of 8 files of 128 MiB',
  run: async (context) => ({
    ...(await compare(context, context.quick ? { ...LARGE, sizeBytes: 2 ** 23 } : LARGE)),
    goals: goalsWith(0.6, 120),
  }),
};

export const verifySmall = {
  name: 'verify-small',
  title: 'Verify the archive of 100,000 files of 0.2 to 4 kB',
  run: async (context) => ({
    ...(await compare(context, small(context.quick ? 2000 : 100_000))),
    goals: goalsWith(0.6, 120),
  }),
};

export const verifyMixed = {
  name: 'verify-mixed',
  title: 'Verify the archive of 200,000 files, 2 GiB',
  run: async (context) => {
    const shape = mixed(context.quick ? 2000 : 200_000);
    const compared = await compare(context, shape);
    dropSpool(context, makeSpool(context, shape));
    return { ...compared, goals: goalsWith(1, 200) };
  },
};
