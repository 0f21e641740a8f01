import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest, arbitraryRule } from '../../../../test/fakes/audit-policies.js';
import type { PolicyRule } from '../../../model/audit-policy.js';
import { ruleMatches } from './evaluate-policy.js';
import { ruleCovers } from './rule-covers.js';

const ANY: PolicyRule = {
  ...{ line: 1, level: 'Metadata', users: [], userGroups: [], verbs: [], resources: [], namespaces: [] },
  ...{ nonResourceURLs: [], omitStages: [] },
};
const on = (...resources: readonly string[]): Partial<PolicyRule> => ({
  resources: [{ group: '', resources, resourceNames: [] }],
});

describe('ruleCovers', () => {
  it('never says so of two rules of which the second matches a request that the first does not', () => {
    fc.assert(
      fc.property(
        arbitraryRule,
        arbitraryRule,
        fc.array(arbitraryRequest, { minLength: 20, maxLength: 20 }),
        (a, b, requests) => {
          if (!ruleCovers(a, b)) return;
          for (const request of requests) if (ruleMatches(b, request)) expect(ruleMatches(a, request)).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('covers itself', () => {
    fc.assert(
      fc.property(arbitraryRule, (rule) => {
        expect(ruleCovers(rule, rule)).toBe(true);
      }),
    );
  });

  it.each<[string, Partial<PolicyRule>, Partial<PolicyRule>, boolean]>([
    ['everything, a verb', {}, { verbs: ['get'] }, true],
    ['a verb, everything', { verbs: ['get'] }, {}, false],
    ['pods/*, pods/exec', on('pods/*'), on('pods/exec', 'pods'), true],
    ['pods, pods/exec', on('pods'), on('pods/exec'), false],
    ['*, pods/exec', on('*'), on('pods/exec'), true],
    ['*/exec, pods/exec', on('*/exec'), on('pods/exec'), true],
    ['*/exec, pods/*', on('*/exec'), on('pods/*'), false],
    ['a namespace, two', { namespaces: ['a'] }, { namespaces: ['a', 'b'] }, false],
    ['resources, paths', on('*'), { nonResourceURLs: ['/a'] }, false],
    ['/a*, /a/b', { nonResourceURLs: ['/a*'] }, { nonResourceURLs: ['/a/b'] }, true],
    ['/a*, *', { nonResourceURLs: ['/a*'] }, { nonResourceURLs: ['*'] }, false],
  ])('of %s: as it is', (_, wide, narrow, expected) => {
    expect(ruleCovers({ ...ANY, ...wide }, { ...ANY, ...narrow })).toBe(expected);
  });
});
