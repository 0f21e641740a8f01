import { type AuditPolicy, isAtLeast, type PolicyRule, type RequestAttributes } from '../../../model/audit-policy.js';
import { evaluatePolicy } from './evaluate-policy.js';
import { groupsOf, isKnownGroup } from './known-groups.js';
import { ruleCovers } from './rule-covers.js';

/** What is wrong with a policy whatever is to be detected. */
export interface PolicyFinding {
  readonly id:
    | 'shadowed-rule'
    | 'wrong-group'
    | 'no-catch-all'
    | 'catch-all-none'
    | 'muted-identity'
    | 'secrets-in-the-log'
    | 'answers-omitted'
    | 'version-not-served';
  readonly severity: 'high' | 'medium' | 'low';
  /** From 1; `null` = of the policy as a whole. */
  readonly rule: number | null;
  readonly line: number | null;
  readonly text: string;
}

type Found = Omit<PolicyFinding, 'rule' | 'line'>;

const READS: readonly string[] = ['get', 'list', 'watch'];

function shadowed(rules: readonly PolicyRule[], index: number): readonly Found[] {
  const rule = rules[index];
  if (rule === undefined) return [];
  const by = rules.slice(0, index).findIndex((earlier) => ruleCovers(earlier, rule));
  if (by < 0) return [];
  const text = `never comes to be used: rule ${String(by + 1)} matches everything that it matches`;
  return [{ id: 'shadowed-rule', severity: rules[by]?.level === rule.level ? 'low' : 'medium', text }];
}

function wrongGroups({ resources }: PolicyRule): readonly Found[] {
  return resources.flatMap(({ group, resources: names }) =>
    names.flatMap((name): Found[] => {
      const [resource = ''] = name.split('/');
      const groups = groupsOf(resource);
      if (groups.length === 0 || groups.includes(group) || !isKnownGroup(group)) return [];
      const meant = groups.map((one) => (one === '' ? 'the core group ""' : one)).join(' or ');
      const text = `${resource} is not in the group ${JSON.stringify(group)} but in ${meant}: this entry matches nothing`;
      return [{ id: 'wrong-group', severity: 'high', text }];
    }),
  );
}

/** `system:nodes, kubelet` */
function fewOf(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and others' : ''}`;
}

function muted({ level, nonResourceURLs, ...rule }: PolicyRule): readonly Found[] {
  const who = [...rule.users, ...rule.userGroups];
  if (level !== 'None' || who.length === 0 || nonResourceURLs.length > 0) return [];
  const isWriting = rule.verbs.length === 0 || rule.verbs.some((verb) => !READS.includes(verb));
  const isWide = rule.resources.length === 0;
  const where = rule.namespaces.length === 0 ? '' : ` in ${fewOf(rule.namespaces)}`;
  const what = `${isWide ? 'everything' : 'what the rule names'}${where}${isWriting ? ', changes among it' : ''}`;
  const severity = isWide && isWriting ? 'high' : isWide || isWriting ? 'medium' : 'low';
  const text = `${fewOf(who)} leave no trace of ${what}: nor does whoever steals that identity`;
  return [{ id: 'muted-identity', severity, text }];
}

const SOMEBODY = { user: 'somebody', groups: ['system:authenticated'], path: '' };
const on = (group: string, resource: string, subresource = ''): RequestAttributes['resource'] => ({
  ...{ group, resource, subresource, name: '', namespace: 'shop' },
});

/** Requests whose body, or whose answer, is a secret, and the level that writes it down. */
const SECRET: readonly (readonly [
  what: string,
  verbs: readonly string[],
  RequestAttributes['resource'],
  'Request' | 'RequestResponse',
])[] = [
  ['secrets as they are written', ['create', 'update', 'patch'], on('', 'secrets'), 'Request'],
  ['secrets as they are read', READS, on('', 'secrets'), 'RequestResponse'],
  ['tokens that are issued', ['create'], on('', 'serviceaccounts', 'token'), 'RequestResponse'],
  ['tokens that are checked', ['create'], on('authentication.k8s.io', 'tokenreviews'), 'Request'],
  ['config maps, in which credentials are kept all the same', READS, on('', 'configmaps'), 'RequestResponse'],
];

/** What of `SECRET` the policy writes, and by which rule. */
export function secretsWritten(policy: AuditPolicy): readonly PolicyFinding[] {
  return SECRET.flatMap(([what, verbs, resource, level]) => {
    const written = verbs
      .map((verb) => evaluatePolicy(policy, { ...SOMEBODY, verb, resource }))
      .find((decision) => isAtLeast(decision.level, level));
    if (written === undefined || written.rule === null) return [];
    const text = `writes ${what} into the log: whoever reads the log has them`;
    return [
      { id: 'secrets-in-the-log', severity: 'high', text, rule: written.rule + 1, line: lineOf(policy, written.rule) },
    ];
  });
}

const lineOf = ({ rules }: AuditPolicy, index: number): number | null => rules[index]?.line ?? null;

function whole(policy: AuditPolicy): readonly PolicyFinding[] {
  const { rules, omitStages, apiVersion } = policy;
  const of = (id: PolicyFinding['id'], severity: PolicyFinding['severity'], text: string): PolicyFinding => ({
    ...{ id, severity, rule: null, line: null, text },
  });
  const everything = { level: 'None', line: 0, users: [], userGroups: [], verbs: [] } as const;
  const any = { ...everything, resources: [], namespaces: [], nonResourceURLs: [], omitStages: [] };
  const last = rules.findIndex((rule) => ruleCovers(rule, any));
  const found: PolicyFinding[] = [];
  if (last < 0)
    found.push(of('no-catch-all', 'medium', 'what no rule matches is not written: no rule is for all the rest'));
  if (last >= 0 && rules[last]?.level === 'None') {
    const text = 'what no earlier rule matches is not written: new kinds and custom resources leave no trace';
    found.push({ ...of('catch-all-none', 'high', text), rule: last + 1, line: lineOf(policy, last) });
  }
  if (omitStages.includes('ResponseComplete'))
    found.push(
      of('answers-omitted', 'high', 'leaves out ResponseComplete: whether a request was allowed is not known'),
    );
  if (apiVersion !== 'audit.k8s.io/v1')
    found.push(of('version-not-served', 'medium', `${apiVersion} is not read by Kubernetes 1.24 and later`));
  return found;
}

/** What is wrong with a policy, in the order of its rules; of the whole first. */
export function lintPolicy(policy: AuditPolicy): readonly PolicyFinding[] {
  const { rules } = policy;
  const each = rules.flatMap((rule, index) =>
    [...shadowed(rules, index), ...wrongGroups(rule), ...muted(rule)].map((found) => ({
      ...found,
      rule: index + 1,
      line: rule.line,
    })),
  );
  return [...whole(policy), ...[...each, ...secretsWritten(policy)].sort((a, b) => (a.rule ?? 0) - (b.rule ?? 0))];
}
