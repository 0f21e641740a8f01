import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseS3Address } from './s3-address.js';

describe('an address in S3', () => {
  it.each([
    ['s3://vault', 'vault', ''],
    ['s3://vault/', 'vault', ''],
    ['s3://evidence.vault-1/2026/case=12', 'evidence.vault-1', '2026/case=12/'],
    ['s3://vault/2026/', 'vault', '2026/'],
  ])('%s', (url, bucket, prefix) => {
    expect(parseS3Address(url)).toEqual({ bucket, prefix });
  });

  it.each([
    's3://',
    's3://a',
    's3://Vault',
    's3://va_ult',
    's3://vault..one',
    's3:/vault',
    'S3://vault',
    'https://vault',
    's3://vault//x',
    's3://vault/../x',
    's3://vault/./x',
    's3://vault/x y',
    's3://vault/x?versionId=1',
    's3://vault/x%2f',
    's3://vault/x\n',
    's3://vault/\u202ex',
    `s3://vault/${'x/'.repeat(200)}`,
  ])('%j is none', (url) => {
    expect(() => parseS3Address(url)).toThrow(expect.objectContaining({ code: 'DESTINATION_INVALID' }));
  });

  it('whatever it is made of, a prefix is plain, bounded, and ends with a slash', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webPath(),
          fc.array(fc.constantFrom('a', 'b', '.', '/', '-')).map((parts) => parts.join('')),
        ),
        (path) => {
          try {
            const { prefix } = parseS3Address(`s3://vault/${path}`);
            expect(prefix).toMatch(/^$|^([A-Za-z0-9!_.*'()=+@,-]+\/)+$/);
            expect(prefix.length).toBeLessThan(400);
            expect(`/${prefix}`).not.toMatch(/\/\.{1,2}\//);
          } catch (error) {
            expect(error).toMatchObject({ code: 'DESTINATION_INVALID' });
          }
        },
      ),
    );
  });
});
