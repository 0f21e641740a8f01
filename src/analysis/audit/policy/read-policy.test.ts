import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../../../model/errors.js';
import { readPolicy } from './read-policy.js';

const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
const reason = (text: string): string => {
  try {
    readPolicy(text, 'policy.yaml');
  } catch (error) {
    if (error instanceof ExhibitError && error.code === 'AUDIT_POLICY_INVALID') return error.message;
    throw error;
  }
  return 'taken';
};

describe('readPolicy', () => {
  it('gives rules with their lines, and empty lists for what is left out or null', () => {
    const policy = readPolicy(
      `${HEAD}omitStages: [RequestReceived]\nrules:\n  - level: None\n    users: null\n  - level: Request\n    resources: [{resources: [pods]}]\n`,
      'policy.yaml',
    );
    const empty = { users: [], userGroups: [], verbs: [], namespaces: [], nonResourceURLs: [], omitStages: [] };
    expect(policy).toEqual({
      apiVersion: 'audit.k8s.io/v1',
      omitStages: ['RequestReceived'],
      rules: [
        { ...empty, level: 'None', line: 5, resources: [] },
        { ...empty, level: 'Request', line: 7, resources: [{ group: '', resources: ['pods'], resourceNames: [] }] },
      ],
    });
  });

  it('takes JSON, metadata and what is said of managed fields', () => {
    const rules = [{ level: 'Metadata', omitManagedFields: true }];
    const text = JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', metadata: { name: 'x' }, rules });
    expect(readPolicy(text, 'policy.json').rules).toHaveLength(1);
  });

  it.each([
    [
      'an unknown field of a rule',
      `${HEAD}rules:\n  - level: None\n    user: [a]\n`,
      /line 5, column 5: unknown field "user"/,
    ],
    [
      'an unknown field of the policy',
      `${HEAD}omitStage: []\nrules: [{level: None}]\n`,
      /line 3, column 1: unknown field "omitStage"/,
    ],
    ['a level that does not exist', `${HEAD}rules:\n  - level: Everything\n`, /line 4, column 12: rules\.0\.level/],
    ['no level', `${HEAD}rules:\n  - verbs: [get]\n`, /line 4, column 5: rules\.0\.level/],
    ['no rules', `${HEAD}rules: []\n`, /line 3, column 8: .*without rules/],
    ['rules left out', HEAD, /line 1, column 1: rules/],
    ['nothing', '', /line 1, column 1: it is empty/],
    [
      'a stage that does not exist',
      `${HEAD}rules:\n  - level: None\n    omitStages: [Received]\n`,
      /line 5, column 18/,
    ],
    [
      'a version in a group',
      `${HEAD}rules:\n  - level: None\n    resources:\n      - group: apps/v1\n`,
      /line 6, column 16: .*no DNS name/,
    ],
    [
      'names without a resource',
      `${HEAD}rules:\n  - level: None\n    resources:\n      - resourceNames: [a]\n`,
      /line 6, column 9: .*at least one resource/,
    ],
    [
      'paths beside resources',
      `${HEAD}rules:\n  - level: None\n    namespaces: [a]\n    nonResourceURLs: ['*']\n`,
      /line 4, column 5: .*not about both/,
    ],
    [
      'an asterisk in a path',
      `${HEAD}rules:\n  - level: None\n    nonResourceURLs: ['/a*b']\n`,
      /line 5, column 23: .*last character/,
    ],
    [
      'a path without a slash',
      `${HEAD}rules:\n  - level: None\n    nonResourceURLs: ['healthz']\n`,
      /line 5, column 23: .*begins with/,
    ],
    ['a list that is a text', `${HEAD}rules:\n  - level: None\n    verbs: get\n`, /line 5, column 12: rules\.0\.verbs/],
    ['a number among verbs', `${HEAD}rules:\n  - level: None\n    verbs: [1]\n`, /line 5, column 13/],
    ['another kind', 'apiVersion: audit.k8s.io/v1\nkind: Event\nrules: [{level: None}]\n', /line 2, column 7: kind/],
    [
      'another version',
      'apiVersion: audit.k8s.io/v2\nkind: Policy\nrules: [{level: None}]\n',
      /line 1, column 13: apiVersion/,
    ],
    ['a field twice', `${HEAD}kind: Policy\nrules: [{level: None}]\n`, /line 3, column 1/],
    ['no YAML', `${HEAD}rules: [\n`, /line \d+, column \d+/],
    ['two documents', `${HEAD}rules: [{level: None}]\n---\n${HEAD}rules: [{level: Metadata}]\n`, /line 4, column 1/],
    ['an alias', `${HEAD}omitStages: &a [Panic]\nrules: [{level: None, omitStages: *a}]\n`, /aliases/],
  ])('refuses %s, and says where', (_, text, expected) => {
    expect(reason(text)).toMatch(expected);
  });

  it('never fails in another way, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => `${HEAD}rules:\n  - ${text}`),
        ),
        (text) => {
          expect(typeof reason(text)).toBe('string');
        },
      ),
    );
  });
});
