import fc from 'fast-check';
import { AUDIT_LEVELS, AUDIT_STAGES, type PolicyRule, type RequestAttributes } from '../../src/model/audit-policy.js';

/** Few words, so that rules and requests meet often. */
const USERS = ['alice', 'bob', 'system:node:a'];
const GROUPS = ['system:nodes', 'developers', 'system:authenticated'];
const VERBS = ['get', 'list', 'create', 'delete'];
const API_GROUPS = ['', 'apps', 'example.com'];
const RESOURCES = ['pods', 'deployments', 'widgets'];
const SUBRESOURCES = ['', 'exec', 'scale', 'status'];
const NAMES = ['', 'one', 'two'];
const NAMESPACES = ['', 'shop', 'kube-system'];
const PATHS = ['/', '/healthz', '/healthz/etcd', '/api', '/apis/apps', '/version'];

const some = <T>(words: readonly T[]): fc.Arbitrary<T[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, { weight: 3, arbitrary: fc.subarray([...words]) });

const patterns = some([
  ...['*', 'pods', 'pods/*', 'pods/exec', '*/scale', '*/exec', '*/*', 'deployments', 'deployments/*'],
  ...['deployments/scale', 'widgets', 'widgets/status', 'pods/', '/exec', '*/', ''],
]);

const resources = patterns.chain((list) =>
  fc.record({
    group: fc.constantFrom(...API_GROUPS),
    resources: fc.constant(list),
    resourceNames: list.length === 0 ? fc.constant([]) : some(NAMES),
  }),
);

/** Rules that the API server accepts. */
export const arbitraryRule: fc.Arbitrary<PolicyRule> = fc
  .record({
    line: fc.constant(1),
    level: fc.constantFrom(...AUDIT_LEVELS),
    users: some(USERS),
    userGroups: some(GROUPS),
    verbs: some(VERBS),
    omitStages: some(AUDIT_STAGES),
    scope: fc.oneof(
      fc.constant({ resources: [], namespaces: [], nonResourceURLs: [] }),
      fc.record({
        resources: fc.array(resources, { maxLength: 2 }),
        namespaces: some(NAMESPACES),
        nonResourceURLs: fc.constant([]),
      }),
      fc.record({
        resources: fc.constant([]),
        namespaces: fc.constant([]),
        nonResourceURLs: some(['*', '/*', '/healthz', '/healthz*', '/healthz/*', '/api*', '/version', '/']),
      }),
    ),
  })
  .map(({ scope, ...rule }) => ({ ...rule, ...scope }));

export const arbitraryRequest: fc.Arbitrary<RequestAttributes> = fc.record({
  user: fc.constantFrom(...USERS),
  groups: fc.subarray(GROUPS),
  verb: fc.constantFrom(...VERBS),
  resource: fc.option(
    fc.record({
      group: fc.constantFrom(...API_GROUPS),
      resource: fc.constantFrom(...RESOURCES),
      subresource: fc.constantFrom(...SUBRESOURCES),
      name: fc.constantFrom(...NAMES),
      namespace: fc.constantFrom(...NAMESPACES),
    }),
  ),
  path: fc.constantFrom(...PATHS),
});
