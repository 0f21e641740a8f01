import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { RightAnswer } from '../review-rights.js';
import { renderMissingRbac } from './missing-rbac.js';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string };
  readonly subjects?: readonly Readonly<Record<string, string>>[];
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly nonResourceURLs?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

const answer = (
  text: string,
  {
    namespace = '',
    allowed = false,
    apiGroup = '',
  }: { namespace?: string; allowed?: boolean | null; apiGroup?: string } = {},
): RightAnswer => {
  const [verb = '', what = ''] = text.split(' ');
  const isPath = what.startsWith('/');
  const names = { resource: isPath ? '' : what, nonResourceUrl: isPath ? what : '' };
  return { right: { verb, apiGroup, ...names, why: 'w', namespaces: new Set([namespace]) }, namespace, allowed };
};

function documentsOf(answers: readonly RightAnswer[], username = 'jane'): Manifest[] {
  const documents = parseAllDocuments(renderMissingRbac(answers, { username }) ?? '');
  return Array.isArray(documents) ? documents.map((one) => one.toJS() as Manifest) : [];
}

/** `verb group/resource@namespace` of everything that a manifest grants. */
function granted(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap(({ metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups = [''], resources, nonResourceURLs, verbs }) =>
      verbs.flatMap((verb) =>
        apiGroups.flatMap((group) =>
          (resources ?? nonResourceURLs ?? []).map((what) => `${verb} ${group}/${what}@${metadata.namespace ?? ''}`),
        ),
      ),
    ),
  );
}

describe('the manifest for rights that are missing', () => {
  it('is none where none is, or where the server does not say', () => {
    const answers = [answer('get pods', { allowed: true }), answer('list pods', { allowed: null })];
    expect(renderMissingRbac(answers, { username: 'jane' })).toBeNull();
  });

  it('grants in namespaces what is needed there, and paths in the cluster', () => {
    const manifests = documentsOf([answer('get pods', { namespace: 'shop' }), answer('get /readyz')]);
    expect(manifests.map(({ kind }) => kind)).toEqual(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);
    expect(granted(manifests).sort()).toEqual(['get //readyz@', 'get /pods@shop']);
  });

  it('names users and service accounts as the server does, whatever they are called', () => {
    const subjects = (username: string) => documentsOf([answer('get pods')], username)[1]?.subjects;
    expect(subjects('system:serviceaccount:ir:robot')).toEqual([
      { kind: 'ServiceAccount', name: 'robot', namespace: 'ir' },
    ]);
    const odd = 'o: - {x}\n# "y"';
    expect(subjects(odd)).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: odd }]);
  });

  it('warns of what gives more than it says', () => {
    const text = renderMissingRbac([answer('list secrets'), answer('get nodes/proxy')], { username: 'jane' });
    expect(text?.match(/^# ATTENTION/gm)).toHaveLength(2);
  });

  it('grants exactly what is missing, whatever that is', () => {
    const rights = fc.uniqueArray(
      fc.record({
        verb: fc.constantFrom('get', 'list', 'patch', 'create', 'delete'),
        resource: fc.constantFrom('pods', 'nodes', 'services', 'pods/log'),
        apiGroup: fc.constantFrom('', 'apps'),
        namespace: fc.constantFrom('', 'a', 'b'),
        allowed: fc.constantFrom(true, false, null),
      }),
      { selector: ({ allowed: _allowed, ...rest }) => JSON.stringify(rest) },
    );
    fc.assert(
      fc.property(rights, (all) => {
        const answers = all.map(({ verb, resource, ...where }) => answer(`${verb} ${resource}`, where));
        const missing = all
          .filter(({ allowed }) => allowed === false)
          .map(({ verb, resource, apiGroup, namespace }) => `${verb} ${apiGroup}/${resource}@${namespace}`);
        expect(granted(documentsOf(answers)).sort()).toEqual(missing.sort());
      }),
    );
  });
});
