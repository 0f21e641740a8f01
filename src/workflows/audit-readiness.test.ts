import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type AuditFile, type AuditReadiness, auditReadiness } from './audit-readiness.js';

const template = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, `../../templates/audit/${name}.yaml`), 'utf8');
const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
const NO_ROTATION = { maxSize: null, maxBackup: null, maxAge: null };
const judged = async (policy: string): Promise<AuditReadiness> =>
  await auditReadiness({ policy, source: 'x', files: [], rotation: NO_ROTATION, targetDays: 90 });
const judge = async (rules: string): Promise<AuditReadiness> => await judged(`${HEAD}rules:\n${rules}`);
const idsOf = ({ detections }: AuditReadiness, is: string): readonly string[] =>
  detections.filter(({ feasibility }) => feasibility === is).map(({ detection }) => detection.id);

describe('auditReadiness', () => {
  it('lets the recommended policy show everything but the one that it names, without a fault', async () => {
    const found = await judged(template('recommended'));
    expect(idsOf(found, 'blind')).toEqual(['D30']);
    expect(idsOf(found, 'degraded')).toEqual([]);
    expect(found.findings).toEqual([]);
  });

  it('lets the least policy show whatever needs no body', async () => {
    const found = await judged(template('minimum'));
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

  it('names the rule that hides, and what it hides', async () => {
    const found = await judge('  - level: None\n    resources: [{resources: [events]}]\n  - level: Metadata\n');
    const traces = found.detections.find(({ detection }) => detection.id === 'D41');
    expect(traces).toMatchObject({ feasibility: 'degraded' });
    expect(traces?.decidedBy[0]).toMatchObject({ rule: 1, line: 4, level: 'None', seen: 'nothing' });
    expect(traces?.decidedBy[0]?.example).toBe('delete events shop/any-object by a person');
  });

  it('tries namespaces that the policy names', async () => {
    const found = await judge('  - level: None\n    namespaces: [blind-spot]\n  - level: Metadata\n');
    expect(found.detections.find(({ detection }) => detection.id === 'D01')?.feasibility).toBe('degraded');
  });

  it('tries every namespace that the policy names, however many', async () => {
    const open = Array.from({ length: 300 }, (_, at) => `  - {level: Metadata, namespaces: [open-${String(at)}]}\n`);
    const found = await judge(
      `${open.join('')}  - {level: None, namespaces: [like-it, blind-spot]}\n  - level: Metadata\n`,
    );
    const exec = found.detections.find(({ detection }) => detection.id === 'D01');
    expect(exec?.feasibility).toBe('degraded');
    expect(exec?.decidedBy[0]).toMatchObject({ rule: 301, seen: 'nothing' });
  });

  it('takes requests whose answers are not written for seen in part, and what shows in bodies for not seen', async () => {
    const found = await judge('  - level: RequestResponse\n    omitStages: [ResponseComplete, Panic]\n');
    expect(idsOf(found, 'can-fire')).toEqual([]);
    expect(idsOf(found, 'blind')).toEqual(idsOf(await judged(template('minimum')), 'blind'));
  });

  it('knows that the begin of an answer is written of long-running requests alone', async () => {
    const found = await judge('  - level: Metadata\n    omitStages: [RequestReceived, ResponseComplete]\n');
    expect(idsOf(found, 'degraded')).toEqual(['D01', 'D02', 'D03', 'D04', 'D05', 'D25', 'D28']);
    expect(idsOf(found, 'blind')).toHaveLength(37);
  });

  it.each([
    ['D38', '{group: admissionregistration.k8s.io}', 'Request'],
    ['D40', '{group: networking.k8s.io}', 'Request'],
    ['D42', '{resources: [configmaps]}', 'RequestResponse'],
  ])('needs no body of a deletion: %s', async (id, resources, level) => {
    const changes = `  - {level: ${level}, verbs: [create, update, patch], resources: [${resources}]}\n`;
    expect(idsOf(await judge(`${changes}  - level: Metadata\n`), 'can-fire')).toContain(id);
    expect(idsOf(await judge(changes), 'degraded')).toContain(id);
  });

  it('tells of an agent that is scaled away, and of many deleted at once', async () => {
    const hidden = async (rule: string) =>
      (await judge(`  - ${rule}\n  - level: Metadata\n`)).detections.find(({ detection }) => detection.id === 'D41')
        ?.feasibility;
    expect(await hidden('{level: None, resources: [{group: apps, resources: [deployments/scale]}]}')).toBe('degraded');
    const many = '{level: None, verbs: [deletecollection], resources: [{group: apps, resources: [daemonsets]}]}';
    expect(await hidden(many)).toBe('degraded');
  });

  it('is blind where no stage is left', async () => {
    const stages = 'RequestReceived, ResponseStarted, ResponseComplete';
    expect(idsOf(await judge(`  - level: RequestResponse\n    omitStages: [${stages}]\n`), 'blind')).toHaveLength(44);
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
  ])('names %s', async (_, rules, id, rule) => {
    expect((await judge(rules)).findings).toContainEqual(expect.objectContaining({ id, rule }));
  });

  it('says nothing of a group that it does not know', async () => {
    const rules =
      '  - level: Request\n    resources: [{group: example.com, resources: [deployments]}]\n  - level: Metadata\n';
    expect((await judge(rules)).findings).toEqual([]);
  });

  it('scores what a policy can tell, and nothing else', async () => {
    const { score } = await judged(template('recommended'));
    expect(score.reduce((sum, { most }) => sum + most, 0)).toBe(100);
    const unknown = score.filter(({ points }) => points === null).map(({ id }) => id);
    expect(unknown).toEqual(['every-server', 'retention', 'copy', 'losses']);
    expect((await judge('  - level: None\n')).score.find(({ id }) => id === 'coverage')?.points).toBe(0);
    expect((await judge('  - level: RequestResponse\n')).score.find(({ id }) => id === 'secrets')?.points).toBe(0);
  });

  const event = (more: object, user = 'alice'): string =>
    JSON.stringify({
      ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: 'a', stage: 'ResponseComplete' },
      ...{
        requestURI: '/api/v1/pods?limit=5',
        verb: 'list',
        user: { username: user, groups: ['system:authenticated'] },
      },
      ...{ objectRef: { resource: 'pods', apiVersion: 'v1' }, stageTimestamp: '2026-01-02T03:00:00Z', ...more },
    });
  const measured = async (policy: string, lines: readonly string[]): Promise<AuditReadiness> => {
    const pieces = Readable.from([Buffer.from(lines.map((line) => `${line}\n`).join(''))]) as AsyncIterable<Buffer>;
    const files: readonly AuditFile[] = [{ name: 'audit.log', pieces }];
    const rotation = { maxSize: 1, maxBackup: 9, maxAge: 0 };
    return await auditReadiness({ policy, source: 'x', files, rotation, targetDays: 90 });
  };

  it('counts every line of the log once, and finds that the policy wrote it', async () => {
    const lines = [
      event({}),
      event({ stageTimestamp: '2026-01-02T04:00:00Z', objectRef: undefined, requestURI: '/version?x=1', verb: 'get' }),
      'no JSON',
      '',
      '{"auditID":"b"[Truncated...]',
    ];
    const { log } = await measured(template('minimum'), lines);
    expect(log).toMatchObject({
      ...{ lines: 5, eventLines: 2, events: 2, truncated: 1, blank: 1, quarantined: { 'not-json': 1 } },
      ...{ agreeing: 2, disagreeing: 0, disagreement: null, files: [{ name: 'audit.log', end: 'whole' }] },
    });
    expect(log?.bytes).toBe(lines.join('\n').length + 1);
    expect((log?.lastMs ?? 0) - (log?.firstMs ?? 0)).toBe(3_600_000);
  });

  it('finds events that the policy would have written otherwise, or not at all', async () => {
    const good = event({});
    const other = event({ level: 'Request' });
    const early = event({ stage: 'RequestReceived' });
    const policy = `${HEAD}omitStages: [RequestReceived]\nrules: [{level: Metadata}]\n`;
    const { log } = await measured(policy, [good, other, early]);
    expect(log).toMatchObject({ agreeing: 1, disagreeing: 2 });
    expect(log?.disagreement).toEqual({
      ...{ name: 'audit.log', offset: good.length + 1 },
      why: 'Request, where rule 1 gives Metadata',
    });
    const omitted = await measured(policy, [early]);
    expect(omitted.log?.disagreement?.why).toBe('the stage RequestReceived is left out by rule 1');
  });

  it('judges by who really asked, and a creation before its object had a name', async () => {
    const rules = [
      '- {level: None, users: [root]}',
      "- {level: Request, verbs: [create], resources: [{resources: [pods], resourceNames: ['']}]}",
      '- {level: Metadata}',
    ];
    const asRoot = event({ impersonatedUser: { username: 'root' } });
    const created = event({ verb: 'create', level: 'Request', objectRef: { resource: 'pods', name: 'given-later' } });
    const { log } = await measured(`${HEAD}rules:\n${rules.join('\n')}\n`, [asRoot, created]);
    expect(log).toMatchObject({ agreeing: 2, disagreeing: 0 });
  });

  it("compares nothing with the policy that Google's log concluded", async () => {
    const google = JSON.stringify({
      ...{ insertId: 'i', timestamp: '2026-01-02T03:00:00Z' },
      protoPayload: { methodName: 'io.k8s.core.v1.pods.list', resourceName: 'core/v1/pods' },
    });
    const { log } = await measured(`${HEAD}rules: [{level: RequestResponse}]\n`, [google]);
    expect(log).toMatchObject({ events: 1, agreeing: 0, disagreeing: 0, disagreement: null });
  });

  it('says how far back the log reaches, by its rate and the rotation', async () => {
    const line = event({ userAgent: 'x'.repeat(10_000) });
    const later = event({ stageTimestamp: '2026-01-02T04:00:00Z' });
    const { retention, score, log } = await measured(template('minimum'), [line, later]);
    expect(retention.bytesPerHour).toBe(log?.bytes);
    expect(retention.keptDays).toBeCloseTo((10 * 2 ** 20) / (log?.bytes ?? 1) / 24, 6);
    expect(score.find(({ id }) => id === 'retention')).toMatchObject({ most: 15, points: 6 });
  });
});
