import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { dropSpool, makeSpool, small } from '../harness/spool.js';
import { sealContestant } from './seal.js';
import { sealOnce, verifyContestant } from './verify.js';
import { run } from '../harness/tools.js';

const NAMES = ['10k', '100k', '1M'];

async function measureAll(context) {
  const sizes = context.quick ? [500, 1000, 2000] : [10_000, 100_000, 1_000_000];
  const spools = sizes.map((items) => makeSpool(context, small(items)));
  const seals = await interleave(
    context,
    spools.map((spool, index) => sealContestant(context, `seal ${NAMES[index]}`, spool)),
  );
  const archives = spools.map((spool) => sealOnce(context, spool));
  const verifies = await interleave(
    context,
    archives.map((sealed, index) => verifyContestant(context, `verify ${NAMES[index]}`, sealed)),
  );
  for (const { home } of archives) run(['rm', '-rf', home]);
  for (const spool of spools) dropSpool(context, spool);
  return { samples: { ...seals, ...verifies }, goals };
}

function goals(m) {
  return [
    ['seal', 220],
    ['verify', 120],
  ].flatMap(([act, limitMb]) => {
    const [tens, hundreds, million] = NAMES.map((name) => m[`${act} ${name}`]);
    return [
      // A tenth above proportional: what a machine's noise is.
      goal(`${act}: CPU of 1M, of 100k`, million.cpuS / hundreds.cpuS, { atMost: 11 }),
      goal(`${act}: wall of 1M, of 100k`, million.wallS / hundreds.wallS, { atMost: 11 }),
      goal(`${act}: RSS of 1M, of 10k`, million.rssBytes / tens.rssBytes, { atMost: 1.3 }),
      goal(`${act}: RSS of 1M`, million.rssBytes / 1e6, { atMost: limitMb, unit: 'MB' }),
    ];
  });
}

export const scale = {
  name: 'scale',
  title: 'Seal and verify 10,000, 100,000 and 1,000,000 files of 0.2 to 4 kB',
  run: measureAll,
};
