import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denyPolicy, parseDenyPolicy } from './deny-policy.js';

const DENIAL = {
  instance: 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0',
  issuedBeforeAt: '2026-11-22T17:00:00.000Z',
};

describe('the policy that denies the sessions of one machine', () => {
  it('denies everything to older sessions of that instance, by either of its names, and nothing to others', () => {
    const { Statement: statements } = JSON.parse(denyPolicy(DENIAL)) as { Statement: unknown[] };
    const before = { 'aws:TokenIssueTime': DENIAL.issuedBeforeAt };
    expect(statements).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: before, StringLike: { 'aws:userid': '*:i-0123456789abcdef0' } },
      }),
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { DateLessThan: before, ArnEquals: { 'ec2:SourceInstanceARN': DENIAL.instance } },
      }),
    ]);
  });

  it('is read back as IAM gives it', () => {
    expect(parseDenyPolicy(encodeURIComponent(denyPolicy(DENIAL)))).toEqual(DENIAL);
    expect(parseDenyPolicy(denyPolicy(DENIAL))).toEqual(DENIAL);
  });

  it.each([
    ['nothing', ''],
    ['no policy', '%7B%'],
    ['a policy with something added', denyPolicy(DENIAL).replace('"Effect":"Deny"', '"Effect":"Allow"')],
    ['a policy about two instances', denyPolicy(DENIAL).replace('*:i-0123456789abcdef0', '*:i-0')],
  ])('is none of ours: %s', (_, document) => {
    expect(parseDenyPolicy(document)).toBeNull();
  });

  it('is never half a policy, whatever IAM holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseDenyPolicy(text)).toBeNull();
        expect(parseDenyPolicy(`%7B${text}`)).toBeNull();
      }),
    );
  });
});
