import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditReadiness } from '../workflows/audit-readiness.js';
import { auditReadinessDocument, presentAuditReadiness, requiredNotice } from './present-audit-readiness.js';
import { auditReadinessResult } from './results/audit-results.js';

const text = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, `../../templates/audit/${name}.yaml`), 'utf8');
const ROTATION = { maxSize: null, maxBackup: null, maxAge: null };
const documentOf = async (policy: string): Promise<ReturnType<typeof auditReadinessDocument>> =>
  auditReadinessDocument(
    await auditReadiness({ policy, source: 'x', files: [], rotation: ROTATION, targetDays: 90 }),
    'x',
  );

describe('the readiness of an audit policy on the screen', () => {
  it('is what its schema says', async () => {
    expect(auditReadinessResult.safeParse(await documentOf(text('minimum'))).error).toBeUndefined();
  });

  it('begins with the counts, has what is blind first, and fits 100 columns', async () => {
    const lines = presentAuditReadiness(await documentOf(text('minimum')), 100).split('\n');
    expect(lines[0]).toBe('44 detections: 23 can fire, 6 degraded, 15 blind.');
    expect(lines[3]).toMatch(/^D08 {2}blind {5}critical {2}line 8: Metadata {2}A privileged container$/);
    expect(lines).toContain('create rolebindings.rbac.authorization.k8s.io shop by a person is not seen: D19, D20');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  it.each([
    [
      'nothing of a log without events',
      { events: 0, agreeing: 0 },
      ['Nothing in the log says whether this policy wrote it.'],
    ],
    [
      'what says nothing, and the others',
      { events: 3, agreeing: 2 },
      ['1 events do not say at which level they were written.', 'Each other event is as this policy writes it.'],
    ],
    ['all', { events: 2, agreeing: 2 }, ['Each event is as this policy writes it.']],
  ])('says of the log beside it: %s', async (_, counts, said) => {
    const document = await documentOf(text('minimum'));
    const none = {
      lines: 3,
      eventLines: 3,
      bytes: 1,
      truncated: 0,
      blank: 0,
      quarantined: {},
      firstMs: null,
      lastMs: null,
    };
    const log = { ...none, files: [], disagreeing: 0, disagreement: null, ...counts };
    const lines = presentAuditReadiness({ ...document, log }, 100).split('\n');
    const first = lines.findIndex((line) => line.startsWith('The log: '));
    expect(lines.slice(first + 1, lines.indexOf('', first))).toEqual(said);
  });

  it('names faults with their lines, and shows no escape sequence of a policy', async () => {
    const rules = '[{level: None, users: ["\\u001b[2Jeve"]}, {level: Metadata}]';
    const shown = presentAuditReadiness(
      await documentOf(`apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: ${rules}\n`),
      100,
    );
    expect(shown).toContain('high: rule 1, line 3, ');
    expect(shown).not.toContain('\u001b');
  });
});

describe('requiredNotice', () => {
  it('names what cannot be relied on', async () => {
    const document = await documentOf(text('minimum'));
    expect(requiredNotice(document, ['d01', 'D41'])).toBeNull();
    expect(requiredNotice(document, ['D01', 'd19', 'D42'])).toMatchObject({
      code: 'AUDIT_NOT_READY',
      message: 'By this policy D19, D42 cannot be relied on.',
    });
  });

  it('refuses a detection that does not exist', async () => {
    const document = await documentOf(text('minimum'));
    expect(() => requiredNotice(document, ['D45'])).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});
