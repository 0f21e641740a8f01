import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest, arbitraryRule } from '../../../../test/fakes/audit-policies.js';
import { evaluateInNamespaces, evaluatePolicy } from './evaluate-policy.js';

const NAMESPACES = ['', 'shop', 'kube-system', 'elsewhere'];

describe('evaluateInNamespaces', () => {
  it('decides of each namespace what is decided of a request there', () => {
    const request = arbitraryRequest.filter(({ resource }) => resource !== null);
    fc.assert(
      fc.property(fc.array(arbitraryRule, { maxLength: 6 }), request, (rules, attributes) => {
        const policy = { apiVersion: 'audit.k8s.io/v1', rules, omitStages: [] };
        const { resource } = attributes;
        const alone = NAMESPACES.map((namespace) => {
          const there = { ...attributes, resource: resource === null ? null : { ...resource, namespace } };
          return [namespace, evaluatePolicy(policy, there)] as const;
        });
        expect(evaluateInNamespaces(policy, attributes, NAMESPACES)).toEqual(new Map(alone));
      }),
      { numRuns: 2000 },
    );
  });
});
