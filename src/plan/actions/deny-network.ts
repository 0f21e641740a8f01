import { CASE_LABEL } from '../../model/collector-pod-settings.js';
import { arrayAt, stringAt, stringsAt } from '../../lib/untyped.js';
import type { MakingKind } from '../action-kind.js';
import { type Deny, denySchema, mustSelect, soleLabel } from '../deny-view.js';
import { ourLabels } from '../quarantine-names.js';

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
    selects: soleLabel(object, 'podSelector'),
    policyTypes: stringsAt(object, 'spec', 'policyTypes').sort(),
    allows: arrayAt(object, 'spec', 'ingress').length + arrayAt(object, 'spec', 'egress').length,
  }),
  body: (name, view) => {
    const { key, value } = mustSelect(view);
    const spec = { podSelector: { matchLabels: { [key]: value } }, policyTypes: ['Ingress', 'Egress'] };
    const metadata = { name, labels: ourLabels(view.caseToken) };
    return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
  },
};
