import { CASE_LABEL } from '../../model/collector-pod-settings.js';
import { arrayAt, stringAt, stringsAt, valueAt } from '../../lib/untyped.js';
import type { MakingKind } from '../action-kind.js';
import { type Deny, denySchema, mustSelect } from '../deny-view.js';
import { ourLabels } from '../quarantine-names.js';

/** Calico keeps policies of the tier `default` under names that begin with it, and finds none that does not. */
export const CALICO_TIER = 'default';
const SELECTOR = /^([A-Za-z0-9./_-]+) == '([A-Za-z0-9._-]*)'$/;

function selectsOf(object: unknown): Deny['selects'] {
  const [, key, value] = SELECTOR.exec(stringAt(object, 'spec', 'selector') ?? '') ?? [];
  const isByMore = (stringAt(object, 'spec', 'serviceAccountSelector') ?? '') !== '';
  return key === undefined || value === undefined || isByMore ? null : { key, value };
}

/** Whether the first rule denies whatever comes or goes, so that none after it is looked at. */
function deniesFirst(rules: readonly unknown[]): boolean {
  const [first] = rules;
  return stringAt(first, 'action') === 'Deny' && Object.keys(Object(first) as object).every(isWithoutCondition(first));
}

/** The server of Calico fills in empty parts, which are no conditions. A number is one: `ipVersion`, a protocol. */
function isWithoutCondition(rule: unknown): (key: string) => boolean {
  return (key) => {
    const value = valueAt(rule, key) ?? {};
    return key === 'action' || (typeof value === 'object' && Object.keys(value).length === 0);
  };
}

/** A NetworkPolicy of Calico, looked at before all others of its tier, that denies everything to the pods that bear our label. */
export const denyCalico: MakingKind<Deny> = {
  kind: 'deny-calico',
  makes: true,
  reversibility: 'exact',
  undo: 'deletes the policy of Calico',
  view: denySchema,
  doing: ['get', 'create'],
  undoing: ['get', 'delete'],
  look: (object) => {
    const [egress, ingress] = (['egress', 'ingress'] as const).map((one) => arrayAt(object, 'spec', one));
    const types = stringsAt(object, 'spec', 'types');
    const denied = [
      ...(types.includes('Egress') && deniesFirst(egress ?? []) ? ['Egress'] : []),
      ...(types.includes('Ingress') && deniesFirst(ingress ?? []) ? ['Ingress'] : []),
    ];
    const rules = [...(egress ?? []), ...(ingress ?? [])];
    return {
      caseToken: stringAt(object, 'metadata', 'labels', CASE_LABEL) ?? '',
      selects: selectsOf(object),
      policyTypes: denied,
      allows: rules.filter((rule) => stringAt(rule, 'action') !== 'Deny').length,
    };
  },
  body: (name, view) => {
    const { key, value } = mustSelect(view);
    const deny = [{ action: 'Deny' }];
    const spec = {
      ...{ tier: CALICO_TIER, order: 0, selector: `${key} == '${value}'` },
      ...{ types: ['Ingress', 'Egress'], ingress: deny, egress: deny },
    };
    const metadata = { name, labels: ourLabels(view.caseToken) };
    return { kind: 'NetworkPolicy', metadata, spec };
  },
};
