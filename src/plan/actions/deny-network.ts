import { z } from 'zod';
import { CASE_LABEL } from '../../model/collector-pod-settings.js';
import { arrayAt, stringAt, stringsAt, valueAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { MakingKind } from '../action-kind.js';
import { ourLabels } from '../quarantine-names.js';

const denySchema = z.strictObject({
  /** Of the case, by the label of everything that we make. */
  caseToken: z.string(),
  /** The one label that it selects by; `null` = it selects in another way. */
  selects: z.strictObject({ key: z.string(), value: z.string() }).nullable(),
  policyTypes: z.array(z.string()).readonly(),
  /** Rules that allow something. */
  allows: z.int().min(0),
});
type Deny = z.infer<typeof denySchema>;

function selectsOf(object: unknown): Deny['selects'] {
  const labels = Object.entries(valueAt(object, 'spec', 'podSelector', 'matchLabels') ?? {}) as [string, unknown][];
  const [[key, value] = ['', undefined], ...more] = labels;
  const expressions = arrayAt(object, 'spec', 'podSelector', 'matchExpressions');
  return typeof value === 'string' && more.length === 0 && expressions.length === 0 ? { key, value } : null;
}

/** A NetworkPolicy of a namespace that allows nothing, for the pods that bear our label and no others. */
export const denyNetwork: MakingKind<Deny> = {
  kind: 'deny-network',
  makes: true,
  reversibility: 'exact',
  undo: 'deletes the policy',
  view: denySchema,
  doing: ['get', 'create'],
  undoing: ['get', 'delete'],
  look: (object) => ({
    caseToken: stringAt(object, 'metadata', 'labels', CASE_LABEL) ?? '',
    selects: selectsOf(object),
    policyTypes: stringsAt(object, 'spec', 'policyTypes').sort(),
    allows: arrayAt(object, 'spec', 'ingress').length + arrayAt(object, 'spec', 'egress').length,
  }),
  body: (name, { caseToken, selects }) => {
    // A selector without labels is every pod of the namespace.
    if (selects === null) throw new ExhibitError('INTERNAL', 'a deny policy must say whom it denies');
    const spec = { podSelector: { matchLabels: { [selects.key]: selects.value } }, policyTypes: ['Ingress', 'Egress'] };
    const metadata = { name, labels: ourLabels(caseToken) };
    return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
  },
};

/** The view of a policy that denies everything to what bears the label. */
export function denialOf(caseToken: string, selects: { readonly key: string; readonly value: string }): Deny {
  return { caseToken, selects, policyTypes: ['Egress', 'Ingress'], allows: 0 };
}
