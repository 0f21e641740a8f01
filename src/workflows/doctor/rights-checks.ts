import type { ClusterReader } from '../../ports/cluster-reader.js';
import { askRights, type RightAnswer } from '../review-rights.js';
import { type Check, check } from './check.js';
import type { Purpose, PurposefulRight } from './needed-by-purpose.js';

const SUBJECTS: Readonly<Record<Purpose, string>> = {
  'collect': 'rights to collect',
  'quarantine': 'rights to hold, to read back and to release',
  'collector-pod': 'rights to run collector pods',
};
const MAX_NAMED = 8;

function nameOf({ right, namespace }: RightAnswer): string {
  const { verb, apiGroup, resource, nonResourceUrl } = right;
  const what = nonResourceUrl === '' ? (apiGroup === '' ? resource : `${resource}.${apiGroup}`) : nonResourceUrl;
  return `${verb} ${what}${namespace === '' ? '' : ` in ${namespace}`}`;
}

function named(answers: readonly RightAnswer[]): string {
  const more = answers.length - MAX_NAMED;
  const names = answers.slice(0, MAX_NAMED).map(nameOf).join(', ');
  return more > 0 ? `${names} and ${String(more)} more` : names;
}

interface Asked {
  readonly answers: readonly RightAnswer[];
  readonly unasked: number;
  readonly remedy: string;
}

function purposeCheck(purpose: Purpose, { answers, unasked, remedy }: Asked): Check {
  const missing = answers.filter(({ allowed }) => allowed === false);
  const unknown = answers.filter(({ allowed }) => allowed === null);
  const [id, subject] = [`rights-${purpose}`, SUBJECTS[purpose]];
  if (missing.length > 0) return check(id, subject, { state: 'fails', reason: `missing: ${named(missing)}`, remedy });
  if (unknown.length > 0)
    return check(id, subject, { state: 'degraded', reason: `the server does not say: ${named(unknown)}` });
  if (unasked > 0)
    return check(id, subject, { state: 'degraded', reason: `${String(unasked)} more questions were not asked` });
  return check(id, subject, { state: 'works', reason: `all ${String(answers.length)} are there` });
}

export interface ReviewedPurposes {
  readonly checks: readonly Check[];
  readonly answers: readonly RightAnswer[];
}

/** Asks about every right once; `remedy` is said where one is missing. Throws as the port. */
export async function rightsChecks(
  cluster: Pick<ClusterReader, 'review'>,
  rights: readonly PurposefulRight[],
  remedy: string,
): Promise<ReviewedPurposes> {
  const { answers, unasked } = await askRights(
    cluster,
    rights.map(({ right }) => right),
  );
  const purposes = new Map(rights.map(({ right, purposes: all }) => [right, all]));
  const asked = (['collect', 'quarantine', 'collector-pod'] as const).filter((purpose) =>
    rights.some(({ purposes: all }) => all.has(purpose)),
  );
  const checks = asked.map((purpose) =>
    purposeCheck(purpose, {
      answers: answers.filter(({ right }) => purposes.get(right)?.has(purpose) === true),
      ...{ unasked, remedy },
    }),
  );
  return { checks, answers };
}
