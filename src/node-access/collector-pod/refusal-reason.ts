import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { ApiRefusal } from '../../model/api-refusal.js';
import { ExhibitError } from '../../model/errors.js';

/** By the words of the API server's own admissions; in this order. */
const ADMISSIONS: readonly (readonly [RegExp, string])[] = [
  [/violates PodSecurity/, 'pod-security'],
  [/exceeded quota|failed quota|insufficient quota/, 'quota'],
  [/(maximum|minimum) \S+ usage per|limit to request ratio/, 'limit-range'],
  [/is being terminated/, 'namespace-ending'],
];

/** Kebab-case, for `NODE_ACCESS_REFUSED`: which admission said no, or which right is missing. */
export function reasonOf(refusal: ApiRefusal): string {
  if (refusal.kind !== 'admission' && refusal.kind !== 'forbidden') return refusal.kind;
  const known = ADMISSIONS.find(([words]) => words.test(refusal.message));
  return known?.[1] ?? refusal.kind;
}

const HINTS: Readonly<Record<string, readonly string[]>> = {
  'forbidden': ['kubectl apply -f templates/rbac/collector-pod.yaml'],
  'pod-security': [
    'kubectl label namespace NAMESPACE pod-security.kubernetes.io/enforce=privileged --overwrite',
    'or name another namespace: --collector-namespace',
  ],
  'quota': ['kubectl describe resourcequota --namespace NAMESPACE'],
  'limit-range': ['kubectl describe limitrange --namespace NAMESPACE'],
  'image-missing': [
    'Give an image that the node can pull (--collector-image, --collector-pull-secret), or import it there: docs/collector-pod.md',
  ],
};

/** This way to the node is not open. `detail` may be in the cluster's words: it is escaped here. */
export function podRefused(reason: string, detail: string): ExhibitError {
  return new ExhibitError('NODE_ACCESS_REFUSED', escapeForTerminal(detail, 1000), {
    subject: reason,
    hints: [...(HINTS[reason] ?? [])],
  });
}
