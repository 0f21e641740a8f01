import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditReadiness } from './audit-readiness.js';

const template = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, `../../templates/audit/${name}.yaml`), 'utf8');
const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
const judge = (rules: string): ReturnType<typeof auditReadiness> => auditReadiness(`${HEAD}rules:\n${rules}`, 'x');
const idsOf = ({ detections }: ReturnType<typeof auditReadiness>, is: string): readonly string[] =>
  detections.filter(({ feasibility }) => feasibility === is).map(({ detection }) => detection.id);

describe('auditReadiness', () => {
  it('lets the recommended policy show everything but the one that it names, without a fault', () => {
    const found = auditReadiness(template('recommended'), 'x');
    expect(idsOf(found, 'blind')).toEqual(['D30']);
    expect(idsOf(found, 'degraded')).toEqual([]);
    expect(found.findings).toEqual([]);
  });

  it('lets the least policy show whatever needs no body', () => {
    const found = auditReadiness(template('minimum'), 'x');
    const inBodies = [
      'D06',
      'D08',
      'D09',
      'D10',
      'D11',
      'D12',
      'D16',
      'D17',
      'D18',
      'D19',
      'D20',
      'D21',
      'D23',
      'D30',
      'D39',
    ];
    expect(idsOf(found, 'blind')).toEqual(inBodies);
    expect(idsOf(found, 'degraded')).toEqual(['D07', 'D29', 'D31', 'D38', 'D40', 'D42']);
    expect(found.findings).toEqual([]);
  });

  it('names the rule that hides, and what it hides', () => {
    const found = judge('  - level: None\n    resources: [{resources: [events]}]\n  - level: Metadata\n');
    const traces = found.detections.find(({ detection }) => detection.id === 'D41');
    expect(traces).toMatchObject({ feasibility: 'degraded' });
    expect(traces?.decidedBy[0]).toMatchObject({ rule: 1, line: 4, level: 'None', seen: 'nothing' });
    expect(traces?.decidedBy[0]?.example).toBe('delete events shop/any-object by a person');
  });

  it('tries namespaces that the policy names', () => {
    const found = judge('  - level: None\n    namespaces: [blind-spot]\n  - level: Metadata\n');
    expect(found.detections.find(({ detection }) => detection.id === 'D01')?.feasibility).toBe('degraded');
  });

  it('takes requests whose answers are not written for seen in part', () => {
    const found = judge('  - level: RequestResponse\n    omitStages: [ResponseComplete, Panic]\n');
    expect(idsOf(found, 'can-fire')).toEqual([]);
    expect(idsOf(found, 'blind')).toEqual([]);
  });

  it('is blind where no stage is left', () => {
    const stages = 'RequestReceived, ResponseStarted, ResponseComplete';
    expect(idsOf(judge(`  - level: RequestResponse\n    omitStages: [${stages}]\n`), 'blind')).toHaveLength(44);
  });

  it.each<[string, string, string, number | null]>([
    ['a shadowed rule', '  - level: Metadata\n  - level: None\n    verbs: [get]\n', 'shadowed-rule', 2],
    [
      'a wrong group',
      "  - level: Request\n    resources: [{group: '', resources: [deployments]}]\n  - level: Metadata\n",
      'wrong-group',
      1,
    ],
    ['no rule for the rest', '  - level: Metadata\n    verbs: [create]\n', 'no-catch-all', null],
    ['nothing of the rest', '  - level: Metadata\n    verbs: [create]\n  - level: None\n', 'catch-all-none', 2],
    [
      'an identity without a trace',
      "  - level: None\n    users: ['system:kube-proxy']\n  - level: Metadata\n",
      'muted-identity',
      1,
    ],
    ['bodies of secrets', '  - level: Request\n', 'secrets-in-the-log', 1],
  ])('names %s', (_, rules, id, rule) => {
    expect(judge(rules).findings).toContainEqual(expect.objectContaining({ id, rule }));
  });

  it('says nothing of a group that it does not know', () => {
    const rules =
      '  - level: Request\n    resources: [{group: example.com, resources: [deployments]}]\n  - level: Metadata\n';
    expect(judge(rules).findings).toEqual([]);
  });

  it('scores what a policy can tell, and nothing else', () => {
    const { score } = auditReadiness(template('recommended'), 'x');
    expect(score.reduce((sum, { most }) => sum + most, 0)).toBe(100);
    const unknown = score.filter(({ points }) => points === null).map(({ id }) => id);
    expect(unknown).toEqual(['every-server', 'retention', 'copy', 'losses']);
    expect(judge('  - level: None\n').score.find(({ id }) => id === 'coverage')?.points).toBe(0);
    expect(judge('  - level: RequestResponse\n').score.find(({ id }) => id === 'secrets')?.points).toBe(0);
  });
});
