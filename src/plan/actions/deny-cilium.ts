import { CASE_LABEL } from '../../model/collector-pod-settings.js';
import { arrayAt, stringAt, stringsAt } from '../../lib/untyped.js';
import type { MakingKind } from '../action-kind.js';
import { type Deny, denySchema, mustSelect, soleLabel } from '../deny-view.js';
import { ourLabels } from '../quarantine-names.js';

const ALL = 'all';
const RULES = ['ingress', 'egress'] as const;

/** Whether one rule, and no condition on ports or layers above, denies everybody. */
function deniesAll(rule: unknown, key: string): boolean {
  const isOnlyThat = Object.keys(Object(rule) as object).every((one) => one === key);
  return isOnlyThat && stringsAt(rule, key).includes(ALL);
}

function deniedIn(object: unknown): readonly string[] {
  return [
    ...(arrayAt(object, 'spec', 'egressDeny').some((rule) => deniesAll(rule, 'toEntities')) ? ['Egress'] : []),
    ...(arrayAt(object, 'spec', 'ingressDeny').some((rule) => deniesAll(rule, 'fromEntities')) ? ['Ingress'] : []),
  ];
}

/** A CiliumNetworkPolicy of a namespace that denies everything to the pods that bear our label; it wins over every one that allows. */
export const denyCilium: MakingKind<Deny> = {
  kind: 'deny-cilium',
  makes: true,
  reversibility: 'exact',
  undo: 'deletes the policy of Cilium',
  view: denySchema,
  doing: ['get', 'create'],
  undoing: ['get', 'delete'],
  look: (object) => ({
    caseToken: stringAt(object, 'metadata', 'labels', CASE_LABEL) ?? '',
    selects: soleLabel(object, 'endpointSelector'),
    policyTypes: deniedIn(object),
    allows: RULES.reduce((sum, rules) => sum + arrayAt(object, 'spec', rules).length, 0),
  }),
  body: (name, view) => {
    const { key, value } = mustSelect(view);
    const spec = {
      endpointSelector: { matchLabels: { [key]: value } },
      ingressDeny: [{ fromEntities: [ALL] }],
      egressDeny: [{ toEntities: [ALL] }],
    };
    const metadata = { name, labels: ourLabels(view.caseToken) };
    return { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata, spec };
  },
};
