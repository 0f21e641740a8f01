import { booleanAt, parseJson, stringAt } from '../lib/untyped.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import type { NeededRight } from './needed-rights.js';

/** An answer, or a group of rights that was not asked about. */
export interface ReviewedRight {
  readonly verb: string;
  readonly resource: string;
  /** `null` = not known. */
  readonly allowed: boolean | null;
  readonly why: string;
}

const REVIEW_PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
export const MAX_REVIEWS = 200;
const CONCURRENCY = 4;

interface Question {
  readonly right: NeededRight;
  /** `''` = in the whole cluster. */
  readonly namespace: string;
}

/** One answer about one right; `namespace` is `''` for the whole cluster. */
export interface RightAnswer {
  readonly right: NeededRight;
  readonly namespace: string;
  /** `null` = not known. */
  readonly allowed: boolean | null;
}

/**
 * Asks whether each right is granted: first for the whole cluster, and where that is refused in each namespace in which it is needed. At
 * most 200 questions; `unasked` is how many more there would have been.
 */
export async function askRights(
  cluster: Pick<ClusterReader, 'review'>,
  needed: readonly NeededRight[],
): Promise<{ readonly answers: readonly RightAnswer[]; readonly unasked: number }> {
  const wide = needed.slice(0, MAX_REVIEWS).map((right) => ({ right, namespace: '' }));
  const answers = await askAll(cluster, wide);
  const narrow = wide.flatMap(({ right }, at) => (answers[at] === true ? [] : namespacesOf(right)));
  const asked = narrow.slice(0, MAX_REVIEWS - wide.length);
  const narrowAnswers = await askAll(cluster, asked);
  const said: RightAnswer[] = wide.flatMap(({ right }, at) => {
    const allowed = answers[at] ?? null;
    if (allowed === true || namespacesOf(right).length === 0) return [{ right, namespace: '', allowed }];
    return narrowed(
      right,
      asked.flatMap((one, index) =>
        one.right === right ? [{ namespace: one.namespace, allowed: narrowAnswers[index] ?? null }] : [],
      ),
    );
  });
  return { answers: said, unasked: needed.length - wide.length + narrow.length - asked.length };
}

/** As `askRights`, in words; what was not asked about is one entry with an estimate. */
export async function reviewRights(
  cluster: ClusterReader,
  needed: readonly NeededRight[],
): Promise<readonly ReviewedRight[]> {
  const { answers, unasked } = await askRights(cluster, needed);
  const rights = answers.map(entry);
  return unasked === 0 ? rights : [...rights, estimate(rights, unasked)];
}

/** Empty where the right must hold in the whole cluster. */
function namespacesOf(right: NeededRight): Question[] {
  return right.namespaces.has('') ? [] : [...right.namespaces].map((namespace) => ({ right, namespace }));
}

/** One entry where every namespace grants it, otherwise one for each that does not. */
function narrowed(right: NeededRight, answers: readonly Omit<RightAnswer, 'right'>[]): readonly RightAnswer[] {
  const missing = answers.filter(({ allowed }) => allowed !== true);
  if (missing.length === 0) return answers.length === 0 ? [] : [{ right, namespace: '', allowed: true }];
  return missing.map((answer) => ({ right, ...answer }));
}

function entry({ right, namespace, allowed }: RightAnswer): ReviewedRight {
  const { verb, apiGroup, resource, nonResourceUrl, why } = right;
  const name = nonResourceUrl === '' ? (apiGroup === '' ? resource : `${resource}.${apiGroup}`) : nonResourceUrl;
  return { verb, resource: namespace === '' ? name : `${name} in namespace ${namespace}`, allowed, why };
}

function estimate(rights: readonly ReviewedRight[], unasked: number): ReviewedRight {
  const missing = rights.filter(({ allowed }) => allowed !== true).length;
  const expected = Math.round((unasked * missing) / Math.max(1, rights.length));
  const why = `Not asked about: a dry run asks ${String(MAX_REVIEWS)} questions. Estimate: ${String(expected)} of them are missing.`;
  return { verb: 'various', resource: `${String(unasked)} more rights`, allowed: null, why };
}

async function askAll(
  cluster: Pick<ClusterReader, 'review'>,
  questions: readonly Question[],
): Promise<(boolean | null)[]> {
  const answers: (boolean | null)[] = questions.map(() => null);
  const queue = questions.entries();
  const worker = async (): Promise<void> => {
    for (const [at, question] of queue) answers[at] = await ask(cluster, question);
  };
  const workers = Array.from({ length: CONCURRENCY }, worker);
  await Promise.all(workers);
  return answers;
}

async function ask(cluster: Pick<ClusterReader, 'review'>, { right, namespace }: Question): Promise<boolean | null> {
  const { verb, nonResourceUrl } = right;
  const answer = await cluster.review(REVIEW_PATH, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec:
      nonResourceUrl === ''
        ? { resourceAttributes: resourceAttributes(right, namespace) }
        : { nonResourceAttributes: { verb, path: nonResourceUrl } },
  });
  const body = parseJson(answer.body);
  const known = answer.status === 201 && stringAt(body, 'kind') === 'SelfSubjectAccessReview';
  return known ? (booleanAt(body, 'status', 'allowed') ?? null) : null;
}

function resourceAttributes({ verb, apiGroup, resource }: NeededRight, namespace: string): Record<string, string> {
  const [name = '', subresource = ''] = resource.split('/');
  return {
    ...{ verb, group: apiGroup, resource: name },
    ...(subresource === '' ? {} : { subresource }),
    ...(namespace === '' ? {} : { namespace }),
  };
}
