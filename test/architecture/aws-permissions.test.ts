import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'templates/cloud/aws');
const many = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const statementSchema = z.strictObject({
  Sid: z.string().regex(/^[A-Za-z0-9]+$/),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.strictObject({ AWS: many }).optional(),
  Action: many,
  Resource: many,
  Condition: z.record(z.string(), z.record(z.string(), many)).optional(),
});
const policySchema = z.strictObject({ Version: z.literal('2012-10-17'), Statement: z.array(statementSchema) });

const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const statementsOf = (name: string) =>
  policySchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))).Statement;

function allowed(...names: readonly string[]): string[] {
  const statements = names.flatMap(statementsOf).filter(({ Effect }) => Effect === 'Allow');
  return [...new Set(statements.flatMap(({ Action }) => Action))].sort();
}

/** Prefixes of actions by client. The policies for archives and for signing have tests of their own. */
const SERVICES: Readonly<Record<string, string>> = {
  'client-ec2': 'ec2',
  'client-ebs': 'ebs',
  'client-auto-scaling': 'autoscaling',
  'client-elastic-load-balancing': 'elasticloadbalancing',
  'client-elastic-load-balancing-v2': 'elasticloadbalancing',
  'client-sts': 'sts',
  'client-iam': 'iam',
};

/** Actions of the commands that our sources import. */
function calledActions(): string[] {
  const sources = readdirSync(join(root, 'src/platforms/aws'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const actions = sources.flatMap((name) => {
    const text = readFileSync(join(root, 'src/platforms/aws', name), 'utf8');
    return [...text.matchAll(/import \{([^}]+)\} from '@aws-sdk\/([\w-]+)'/g)].flatMap(
      ([, names = '', client = '']) => {
        const service = SERVICES[client];
        if (service === undefined) return [];
        return [...names.matchAll(/\b(?<!type )([A-Z]\w+)Command\b/g)].map(
          ([, command = '']) => `${service}:${command}`,
        );
      },
    );
  });
  return [...new Set(actions)].sort();
}

/** What no command of ours is called after, and why it is needed. */
const BESIDE: Readonly<Record<string, string>> = {
  'ec2:CreateTags': 'tags that are given at creation',
  'iam:PassRole': 'AssociateIamInstanceProfile hands a role to a machine',
  'kms:CreateGrant': 'the service encrypts a copy by a grant',
  'kms:Decrypt': 'blocks of encrypted snapshots, and copies of them',
  'kms:DescribeKey': 'whose key a disk has, and whether it can be shared',
  'kms:GenerateDataKeyWithoutPlaintext': 'a copy under another key',
  'kms:ReEncryptFrom': 'a copy under another key',
  'kms:ReEncryptTo': 'a copy under another key',
};

describe('the policies for machines of AWS', () => {
  it('are these', () => {
    expect(files.sort()).toEqual([
      'collector-policy.json',
      'evidence-key-policy.json',
      'forensic-account-policy.json',
      'responder-policy.json',
      'vault-bucket-policy.json',
    ]);
  });

  it('find the calls that are made at all', () => {
    expect(calledActions().length).toBeGreaterThan(20);
  });

  it('allow every call that the sources make, and no other', () => {
    expect(allowed('collector-policy.json', 'responder-policy.json')).toEqual(
      [...new Set([...calledActions(), ...Object.keys(BESIDE)])].sort(),
    );
  });

  it('allow a collector to read and nothing else', () => {
    for (const action of allowed('collector-policy.json'))
      expect(action).toMatch(/^\w+:(?:Describe|Get|List)|^iam:SimulatePrincipalPolicy$|^kms:Decrypt$/);
  });

  it.each(files)('%s allows nothing by a pattern', (name) => {
    for (const action of allowed(name)) expect(action).toMatch(/^[a-z0-9]+:[A-Z][A-Za-z0-9]+$/);
  });

  it.each(['responder-policy.json', 'forensic-account-policy.json'])(
    '%s limits every change to a thing or by a condition',
    (name) => {
      const isRead = (action: string): boolean => /:(?:Describe|Get|List)/.test(action);
      const wide = statementsOf(name).filter(
        ({ Effect, Resource, Condition, Action }) =>
          Effect === 'Allow' && Resource.includes('*') && Condition === undefined && !Action.every(isRead),
      );
      expect(wide).toEqual([]);
    },
  );

  it.each(['collector-policy.json', 'responder-policy.json', 'forensic-account-policy.json'])(
    '%s fits into a managed policy, and names nobody',
    (name) => {
      const statements = statementsOf(name);
      expect(JSON.stringify(statements).length).toBeLessThan(6_000);
      expect(statements.filter(({ Principal }) => Principal !== undefined)).toEqual([]);
    },
  );

  it.each(['evidence-key-policy.json', 'vault-bucket-policy.json'])(
    '%s says of each statement whom it is about',
    (name) => {
      expect(statementsOf(name).filter(({ Principal }) => Principal === undefined)).toEqual([]);
    },
  );
});
