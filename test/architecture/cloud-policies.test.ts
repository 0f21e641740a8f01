import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'templates/cloud');
const many = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const policySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().regex(/^[A-Za-z0-9]+$/),
      Effect: z.enum(['Allow', 'Deny']),
      Action: many,
      Resource: many,
      Condition: z.record(z.string(), z.record(z.string(), z.string())).optional(),
    }),
  ),
});

const files = readdirSync(folder).filter((name) => /^aws-.*-policy\.json$/.test(name));

function allowed(...names: readonly string[]): string[] {
  const statements = names.flatMap(
    (name) => policySchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))).Statement,
  );
  return [...new Set(statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action))].sort();
}

/** Permissions by the names that our own errors give them. */
function namedIn(pattern: RegExp): string[] {
  const sources = readdirSync(join(root, 'src/platforms/aws')).filter(
    (name) => pattern.test(name) && !name.endsWith('.test.ts'),
  );
  const text = sources.map((name) => readFileSync(join(root, 'src/platforms/aws', name), 'utf8')).join('\n');
  const names = [...text.matchAll(/permission: '([^']+)'/g)].flatMap(([, said = '']) => said.split(' and '));
  return [...new Set(names)].sort();
}

describe('the policies for AWS', () => {
  it('are one for each thing that is done', () => {
    expect(files.sort()).toEqual(['aws-kms-sign-policy.json', 'aws-pull-policy.json', 'aws-push-policy.json']);
  });

  it.each(files)('%s allows nothing by a pattern, removes nothing, and manages nothing', (name) => {
    for (const action of allowed(name)) {
      expect(action).toMatch(/^(s3|kms):[A-Z][A-Za-z]+$/);
      expect(action).not.toMatch(/Delete|Bypass|Acl|Policy|PutBucket|Create|Schedule|Disable/);
    }
  });

  it('allow what the code asks for, and no more', () => {
    // A version is named when one was stored, and then needs a permission of its own.
    expect(allowed('aws-push-policy.json', 'aws-pull-policy.json')).toEqual(
      [...namedIn(/^s3-/), 's3:GetObjectVersion'].sort(),
    );
    expect(allowed('aws-kms-sign-policy.json')).toEqual(namedIn(/^kms-/));
    expect(allowed('aws-pull-policy.json')).toEqual(['s3:GetObject', 's3:GetObjectVersion', 's3:ListBucket']);
  });
});
