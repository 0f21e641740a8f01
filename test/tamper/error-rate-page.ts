import type { ClassResult, Count, Exception, Measurement } from './measure.js';
import { ROUTES, type Route } from './routes.js';

export interface PageFacts extends Measurement {
  /** Of the archive with parts of 4 GiB, which is not among the controls of `measure`. */
  readonly largeControls: Count;
  /** What repeats the run, with all that was set. */
  readonly command: string;
  readonly version: string;
  readonly nodeVersion: string;
  readonly shapes: readonly string[];
  readonly hasStockTools: boolean;
}

/**
 * The largest rate of misses that a sample still allows with 95 % confidence (one-sided, Clopper and Pearson), in percent. With no miss
 * that is 1 - 0.05^(1/n), for large samples 3/n. Found by halving, because the binomial sum falls with the rate.
 */
export function upperBoundPercent({ tried, missed }: Count): number {
  if (tried === 0 || missed >= tried) return 100;
  let [low, high] = [missed / tried, 1];
  for (let step = 0; step < 60; step += 1) {
    const rate = (low + high) / 2;
    if (atMost(missed, tried, rate) > 0.05) low = rate;
    else high = rate;
  }
  return high * 100;
}

/** Chance of at most `missed` of `tried` at this rate. */
function atMost(missed: number, tried: number, rate: number): number {
  let logTerm = tried * Math.log1p(-rate);
  let sum = Math.exp(logTerm);
  for (let count = 1; count <= missed; count += 1) {
    logTerm += Math.log((tried - count + 1) / count) + Math.log(rate) - Math.log1p(-rate);
    sum += Math.exp(logTerm);
  }
  return sum;
}

const percent = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} %`;

function cell(count: Count): string {
  if (count.tried === 0) return 'not run';
  return `${String(count.tried - count.missed)}/${String(count.tried)}`;
}

function summed(results: readonly ClassResult[], route: Route): Count {
  const sum = { tried: 0, missed: 0 };
  for (const { routes } of results) {
    sum.tried += routes[route].tried;
    sum.missed += routes[route].missed;
  }
  return sum;
}

const EXCEPTIONS: readonly Exception[] = ['encoding', 'certificates', 'tokens', 'forged'];
const allowedOf = ({ allowed }: ClassResult): number => EXCEPTIONS.reduce((sum, kind) => sum + allowed[kind], 0);

/** Route by route, for classes that are one population. */
function totals(results: readonly ClassResult[]): string[] {
  const names: Readonly<Record<Route, string>> = {
    'ours': '`exhibit verify`',
    'ours-receipt': '`exhibit verify --receipt`',
    'ours-tsa': '`exhibit verify --tsa-ca` (time-stamped shapes)',
    'guide': 'VERIFY.md by hand',
    'guide-receipt': 'VERIFY.md with the receipt',
    'bagit': '`tar` and `bagit.py --validate`',
  };
  const allowed = results.reduce((sum, result) => sum + allowedOf(result), 0);
  const ours = summed(results, 'ours');
  const covered = { tried: ours.tried - allowed, missed: ours.missed - allowed };
  const isPart = allowed > 0 && covered.tried > 0;
  const row = `| \`exhibit verify\`, without what it misses by design | ${String(covered.tried)} | ${String(covered.tried - covered.missed)} | ${String(covered.missed)} | ${percent(upperBoundPercent(covered))} |`;
  const all = ROUTES.map((route) => {
    const count = summed(results, route);
    const bound = count.tried === 0 ? '' : percent(upperBoundPercent(count));
    return `| ${names[route]} | ${String(count.tried)} | ${String(count.tried - count.missed)} | ${String(count.missed)} | ${bound} |`;
  });
  return isPart ? [...all.slice(0, 1), row, ...all.slice(1)] : all;
}

function classRow(result: ClassResult): string {
  const { routes, what } = result;
  const allowed = allowedOf(result);
  const stockMisses = routes.guide.missed + routes.bagit.missed > 0;
  const mark = stockMisses ? ' (!)' : '';
  const bound = percent(upperBoundPercent(routes['ours-receipt']));
  const without = `${cell(routes.ours)}${allowed > 0 ? ` (${String(allowed)} by design)` : ''}`;
  const tsa = routes['ours-tsa'].tried === 0 ? '' : cell(routes['ours-tsa']);
  return `| ${what}${mark} | ${without} | ${tsa} | ${cell(routes['ours-receipt'])} | ${bound} | ${cell(routes.guide)} | ${cell(routes.bagit)} |`;
}

const TOTAL_HEAD = [
  '| Route | n | detected | missed | 95 % upper bound of the rate of misses |',
  '|---|---|---|---|---|',
];

/** What is excepted, each with its figure and its reason. */
function byDesign(results: readonly ClassResult[]): string {
  const count = (kind: Exception): string => String(results.reduce((sum, { allowed }) => sum + allowed[kind], 0));
  const { missed } = summed(results, 'ours');
  const broken = results.reduce((sum, result) => sum + result.broken.length, 0);
  const receipt = summed(results, 'ours-receipt');
  return `Of the ${String(missed)} misses of \`exhibit verify\` alone, these are by design. Every byte that is signed is the same in all of them, and
the receipt tells each, because it has the digest of the whole container ([evidence-format.md](evidence-format.md)):

- ${count('encoding')}: another encoding of the very same tar.
- ${count('certificates')}: a change of \`seal/tsa-chain.pem\`, which no hash covers; \`--tsa-ca\` does not tell it either, as long as the token has the
  certificates that it needs.
- ${count('tokens')}: a whole token more or less. A token is over the signature and so is made after it, and nothing that is signed can say how many there
  are. \`--tsa-ca\` asks for one good token: it tells when the last one is gone, not when one of two is, nor when a foreign one was added.
  Evidence stays as it was; what can be lost is the proof of its time.

Misses of our verifier, with and without \`--tsa-ca\`, that are of no such kind: ${String(broken)} (the run fails if there is one). With the receipt: ${String(receipt.missed)} of ${String(receipt.tried)}. The routes of others
have misses of more kinds; they are marked class by class below.`;
}

/** docs/error-rate.md: every figure is of the run. */
export function renderErrorRate(facts: PageFacts): string {
  const { classes, controls } = facts;
  const strangers = classes.filter(({ by }) => by === 'anybody');
  const holders = classes.filter(({ by, isConsistent }) => by === 'holder' && !isConsistent);
  const consistent = classes.filter(({ isConsistent }) => isConsistent);
  const groups = [...new Set(classes.map(({ group }) => group))];
  const alarms = ROUTES.map((route) => controls.routes[route]).reduce(
    (sum, { tried, missed }) => ({ tried: sum.tried + tried, missed: sum.missed + missed }),
    facts.largeControls,
  );
  return `# Error rate of the verifier

Courts ask for the known or potential error rate of a method. This page is made by \`npm run tamper\`; every figure is of that run and
none is typed. It measures **the verifier**: whether a changed archive is noticed. It says nothing of the collection, which has errors of
its own that cannot be measured from here; [threat-model.md](threat-model.md) says what stands against them.

Program ${facts.version}, ${facts.nodeVersion}. This repeats the run, with the same choices and with keys that are new each time:

    ${facts.command}

${facts.hasStockTools ? 'The stock tools were on the machine, and bagit.py for the python3 on the PATH.' : 'The tools of others were not on the machine; their columns say so.'} Good archives of these shapes were changed in turn:
${facts.shapes.join('; ')}.

How to read the tables: detected = the route ends in anything but \`VERIFIED\` and \`VERIFIED_PARTIAL\`, or in a status other than 0. The upper
bound is one-sided at 95 % (Clopper and Pearson; with no miss about 3/n): the rate of misses that a sample of this size would still allow,
for changes drawn as they were drawn here. An attacker does not draw; the classes are the attacks that are known, and a class that nobody
thought of is in no table. The changes are made on archives of the test suite, the small ones of a few kilobytes; our verifier judges all
of them, the tools of others the first few of each class (n beside each says how many; a longer run
makes the bounds smaller, not the verifier better). n counts tries: where a class knows but one change of an archive, the same change
is tried again. In a total every class has about the same weight, so that where whole classes are missed, it says how many such classes
there are here, not how often they happen.

## Changes that need no key

${[...TOTAL_HEAD, ...totals(strangers)].join('\n')}

${byDesign(strangers)}

## Records that a holder of the key made wrong

Consistent by hash and signature, and not what the format allows.

${[...TOTAL_HEAD, ...totals(holders)].join('\n')}

## Forged anew by a holder of the key

Nothing in such an archive is wrong by itself. What can tell is the receipt, or the token of an authority that does not obey the forger;
here the authorities obey. VERIFY.md of the good archive holds the number of its files, and so stops at a forgery that has another.

${[...TOTAL_HEAD, ...totals(consistent)].join('\n')}

## False alarms

| Control | n | false alarms | 95 % upper bound |
|---|---|---|---|
| unchanged archives, every route | ${String(alarms.tried)} | ${String(alarms.missed)} | ${percent(upperBoundPercent(alarms))} |
| the same tar compressed otherwise, without the receipt | ${String(controls.encodings.tried)} | ${String(controls.encodings.missed)} | ${percent(upperBoundPercent(controls.encodings))} |

## Class by class

Detected of tried. The bound is that of the verifier with the receipt. (!) marks a class of which a stock tool missed something;
"by design" counts misses of \`exhibit verify\` of the three kinds above, and forgeries in which nothing is wrong.

${groups
  .map((group) => {
    const rows = classes.filter((result) => result.group === group).map(classRow);
    return `### ${group[0]?.toUpperCase() ?? ''}${group.slice(1)}

| Attack | verify | with --tsa-ca | with receipt | bound | VERIFY.md | tar and bagit.py |
|---|---|---|---|---|---|---|
${rows.join('\n')}`;
  })
  .join('\n\n')}

## What this does not show

- Attacks before the seal: a source that lies, a collector that was changed, an operator who leaves something out.
- Several changes at once, chosen to hide each other, beyond those that are listed.
- Much of payload that is really split at 4 GiB: few changes of one archive, almost all of it zeros; the shape "split payload" has parts of
  4 KiB. The archive of 100,000 items has the first change of every eighth class. Age files were changed for one reader with an X25519 key.
- The tools of others on the archive of 100,000 items, on age files and on parts of 4 GiB: they judged only the first of these, unchanged.
- A flaw that the verifier and the writer share: both are ours. The columns of the stock tools are the only ones that are not.
`;
}
