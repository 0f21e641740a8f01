import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluatePolicy } from '../../src/analysis/audit/policy/evaluate-policy.js';
import { readPolicy } from '../../src/analysis/audit/policy/read-policy.js';
import { AUDIT_STAGES, type PolicyRule, type RequestAttributes } from '../../src/model/audit-policy.js';
import { ExhibitError } from '../../src/model/errors.js';
import { arbitraryRequest, arbitraryRule } from '../fakes/audit-policies.js';

/** What the API server's own code says; built from the sources that the lab's API server is built from. */
function oracle(questions: readonly { policy: string; requests: readonly RequestAttributes[] }[]): unknown[] {
  const build = resolve(import.meta.dirname, 'build.sh');
  const folder = execFileSync('bash', [build, 'policy-oracle'], { encoding: 'utf8' }).trim();
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const output = execFileSync(join(folder, 'policy-oracle'), { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return output
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

/** Without what only our own reading adds. */
function documentOf(rules: readonly PolicyRule[], omitStages: readonly string[]): string {
  const bare = rules.map(({ line: _, ...rule }) => rule);
  return JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules: bare });
}

function ours(policy: string, requests: readonly RequestAttributes[]): unknown {
  const read = readPolicy(policy, 'policy');
  const decisions = requests.map((request) => {
    const { level, omitStages } = evaluatePolicy(read, request);
    return { level, omitStages: [...omitStages].sort() };
  });
  return { decisions };
}

function sorted(answer: unknown): unknown {
  const { decisions, ...rest } = answer as { decisions?: readonly { level: string; omitStages: string[] }[] };
  return { ...rest, decisions: decisions?.map(({ level, omitStages }) => ({ level, omitStages: omitStages.sort() })) };
}

describe("an audit policy, beside the API server's own code", () => {
  it('decides the same of any request by any rules', () => {
    const questions = fc.sample(
      fc.record({
        policy: fc
          .tuple(fc.array(arbitraryRule, { minLength: 1, maxLength: 6 }), fc.subarray([...AUDIT_STAGES]))
          .map(([rules, stages]) => documentOf(rules, stages)),
        requests: fc.array(arbitraryRequest, { minLength: 40, maxLength: 40 }),
      }),
      2000,
    );
    expect(oracle(questions).map(sorted)).toEqual(questions.map(({ policy, requests }) => ours(policy, requests)));
  });

  const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
  it.each([
    ['a level that does not exist', `${HEAD}rules: [{level: Everything}]`],
    ['no level', `${HEAD}rules: [{verbs: [get]}]`],
    ['no rules', `${HEAD}rules: []`],
    ['a stage that does not exist', `${HEAD}rules: [{level: None, omitStages: [Received]}]`],
    ['a version in a group', `${HEAD}rules: [{level: None, resources: [{group: apps/v1}]}]`],
    ['names without a resource', `${HEAD}rules: [{level: None, resources: [{resourceNames: [a]}]}]`],
    ['paths beside namespaces', `${HEAD}rules: [{level: None, namespaces: [a], nonResourceURLs: ['*']}]`],
    ['an asterisk in a path', `${HEAD}rules: [{level: None, nonResourceURLs: ['/a*b']}]`],
    ['a path without a slash', `${HEAD}rules: [{level: None, nonResourceURLs: [healthz]}]`],
    ['a text for a list', `${HEAD}rules: [{level: None, verbs: get}]`],
    ['another kind', 'apiVersion: audit.k8s.io/v1\nkind: Event\nrules: [{level: None}]'],
    ['another version', 'apiVersion: audit.k8s.io/v2\nkind: Policy\nrules: [{level: None}]'],
  ])('is refused by both for %s', (_, policy) => {
    expect(oracle([{ policy, requests: [] }])).toEqual([{ error: expect.any(String) as unknown }]);
    expect(() => readPolicy(policy, 'policy')).toThrow(ExhibitError);
  });

  it.each(['minimum', 'recommended'])('of ours is taken by the server: %s', (name) => {
    const policy = readFileSync(resolve(import.meta.dirname, `../../templates/audit/${name}.yaml`), 'utf8');
    expect(oracle([{ policy, requests: [] }])).toEqual([{}]);
  });

  it('with an unknown field is taken by the server, and refused here', () => {
    const policy = `${HEAD}rules: [{level: None, user: [a]}]`;
    expect(oracle([{ policy, requests: [] }])).not.toEqual([{ error: expect.any(String) as unknown }]);
    expect(() => readPolicy(policy, 'policy')).toThrow(/unknown field "user"/);
  });
});
