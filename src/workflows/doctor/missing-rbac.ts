import { Document, isCollection, visit } from 'yaml';
import type { RightAnswer } from '../review-rights.js';

/** Who gets the rights, as the API server names them. */
export interface Grantee {
  readonly username: string;
}

const API = 'rbac.authorization.k8s.io';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const NAME = 'exhibit-missing-rights';

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

function subjectOf({ username }: Grantee) {
  const [, namespace, name] = SERVICE_ACCOUNT.exec(username) ?? [];
  if (name !== undefined) return { kind: 'ServiceAccount', name, namespace };
  return { apiGroup: API, kind: 'User', name: username };
}

/** One rule for each set of verbs of a group, so that no verb is given on a resource for which none is missing. */
function rulesOf(missing: readonly RightAnswer['right'][]): readonly Rule[] {
  const verbs = new Map<string, { readonly right: RightAnswer['right']; readonly verbs: Set<string> }>();
  for (const right of missing) {
    const key = JSON.stringify([right.nonResourceUrl, right.apiGroup, right.resource]);
    const known = verbs.get(key) ?? { right, verbs: new Set<string>() };
    known.verbs.add(right.verb);
    verbs.set(key, known);
  }
  const rules = new Map<string, { what: string[]; right: RightAnswer['right']; verbs: readonly string[] }>();
  for (const { right, verbs: all } of verbs.values()) {
    const sorted = [...all].sort();
    const key = JSON.stringify([right.nonResourceUrl === '', right.apiGroup, sorted]);
    const known = rules.get(key) ?? { what: [], right, verbs: sorted };
    known.what.push(right.nonResourceUrl === '' ? right.resource : right.nonResourceUrl);
    rules.set(key, known);
  }
  return [...rules.values()].map(({ what, right, verbs: granted }) =>
    right.nonResourceUrl === ''
      ? { apiGroups: [right.apiGroup], resources: what.sort(), verbs: granted }
      : { nonResourceURLs: what.sort(), verbs: granted },
  );
}

function roleAndBinding(namespace: string, missing: readonly RightAnswer['right'][], grantee: Grantee) {
  const kind = namespace === '' ? 'ClusterRole' : 'Role';
  const metadata = { name: NAME, ...(namespace === '' ? {} : { namespace }) };
  return [
    { apiVersion: `${API}/v1`, kind, metadata, rules: rulesOf(missing) },
    {
      apiVersion: `${API}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: API, kind, name: NAME },
      subjects: [subjectOf(grantee)],
    },
  ];
}

function yamlOf(object: unknown): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  // Lists of words on one line, as people write roles.
  visit(document, {
    Seq: (_key, node) => {
      if (!node.items.some((item) => isCollection(item))) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

function warningsOf(missing: readonly RightAnswer['right'][]): readonly string[] {
  const has = (resource: string): boolean => missing.some((right) => right.resource === resource);
  return [
    ...(has('secrets') ? ['ATTENTION: list on secrets lets its holder read every value with another client.'] : []),
    ...(has('nodes/proxy') ? ['ATTENTION: nodes/proxy lets its holder run commands in every pod of a node.'] : []),
    ...(has('pods/exec')
      ? ['ATTENTION: who may create pods in a namespace that admits privileged ones is root on the nodes.']
      : []),
  ];
}

/**
 * The smallest manifest that grants what is missing, and nothing else: roles of a namespace where the right is needed in namespaces.
 * Apply nothing without reading it. `null` when nothing is missing.
 */
export function renderMissingRbac(answers: readonly RightAnswer[], grantee: Grantee): string | null {
  const missing = answers.filter(({ allowed }) => allowed === false);
  if (missing.length === 0) return null;
  const byNamespace = new Map<string, RightAnswer['right'][]>();
  for (const { right, namespace } of missing)
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), right]);
  const head = [
    '# What is missing and nothing else. Somebody with administrator rights applies it, and deletes it after the case.',
    ...warningsOf(missing.map(({ right }) => right)).map((text) => `# ${text}`),
  ];
  const documents = [...byNamespace].sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = documents.flatMap(([namespace, rights]) => roleAndBinding(namespace, rights, grantee)).map(yamlOf);
  return `${head.join('\n')}\n${texts.join('---\n')}`;
}
