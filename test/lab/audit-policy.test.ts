import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogMeasure, type MeasuredLog } from '../../src/analysis/audit/events/measure-log.js';
import { readLog } from '../../src/analysis/audit/events/read-log.js';
import { evaluatePolicy } from '../../src/analysis/audit/policy/evaluate-policy.js';
import { readPolicy } from '../../src/analysis/audit/policy/read-policy.js';
import { AUDIT_STAGES, type PolicyRule, type RequestAttributes } from '../../src/model/audit-policy.js';
import { ExhibitError } from '../../src/model/errors.js';
import { arbitraryRequest, arbitraryRule } from '../fakes/audit-policies.js';
import { kubectl, openLaboratory } from './laboratory.js';

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

  describe('of a real log', () => {
    /** The log as far as it is written now; it grows. */
    async function measure(path: string, sizeBytes: number, policy: string): Promise<MeasuredLog> {
      const measured = new LogMeasure(readPolicy(policy, 'policy'));
      const pieces = createReadStream(path, { end: sizeBytes - 1 }) as AsyncIterable<Buffer>;
      const { bytes } = await readLog(pieces, (line, { offset }) => {
        measured.add(line, { name: path, offset });
      });
      return measured.measured(bytes);
    }

    const external = process.env['LAB_EXTERNAL'] === '1';
    it.skipIf(external)('agrees event by event (the log of another cluster is not at hand)', async () => {
      const laboratory = await openLaboratory();
      // What a request is called by the server and in the log differs most for these.
      const name = `audit-${String(process.pid)}`;
      await kubectl(laboratory, ['create', 'namespace', name]);
      await kubectl(laboratory, ['-n', name, 'create', 'secret', 'generic', 'one', '--from-literal=a=b']);
      await kubectl(laboratory, ['-n', name, 'create', 'token', 'default']);
      await kubectl(laboratory, ['auth', 'can-i', 'create', 'pods']);
      await kubectl(laboratory, ['delete', 'namespace', name, '--wait=false']);
      const path = laboratory.settings['LAB_AUDIT_LOG'] ?? '';
      const { size } = statSync(path);
      const written = readFileSync(join(dirname(path), 'policy.yaml'), 'utf8');
      const log = await measure(path, size, written);
      expect(log.disagreement).toBeNull();
      expect(log).toMatchObject({ bytes: size, disagreeing: 0, agreeing: log.events, truncated: 0, blank: 0 });
      expect(log.events).toBeGreaterThan(100);
      // The last line may be half written.
      expect(log.lines - log.events).toBeLessThanOrEqual(1);

      // Another policy did not write it, and differs in just the events that it treats otherwise.
      const other = `${HEAD}rules: [{level: Request, resources: [{resources: [secrets, namespaces]}], namespaces: ['', ${name}]}, {level: Metadata}]\n`;
      const lines = readFileSync(path).subarray(0, size).toString().split('\n').slice(0, log.events);
      const touched = lines.filter((line) => {
        const { objectRef } = JSON.parse(line) as { objectRef?: Record<string, string> };
        const { resource = '', namespace = '', apiGroup = '', subresource = '' } = objectRef ?? {};
        const isThere = ['secrets', 'namespaces'].includes(resource) && ['', name].includes(namespace);
        return isThere && apiGroup === '' && subresource === '';
      });
      expect(touched.length).toBeGreaterThan(3);
      expect((await measure(path, size, `${other}omitStages: [RequestReceived]\n`)).disagreeing).toBe(touched.length);
    });
  });
});
