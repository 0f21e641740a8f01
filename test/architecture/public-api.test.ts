import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Values that others may import. Adding one is a promise; removing one is a breaking change. */
const VALUES = ['ExhibitError', 'verifyArchive'];

/** Names after `export type {` in the entry, which do not exist at run time. */
function exportedTypes(source: string): string[] {
  const blocks = [...source.matchAll(/export type \{([^}]*)\}/g)].map(([, names]) => names ?? '');
  return blocks
    .flatMap((names) => names.split(',').map((name) => name.trim()))
    .filter((name) => name !== '')
    .sort();
}

const TYPES = [
  'CheckName',
  'CheckResult',
  'Clock',
  'ClockRecord',
  'Completeness',
  'CustodyEntry',
  'ErrorCode',
  'Finding',
  'ItemRecord',
  'Kind',
  'Outcome',
  'OutcomeRecord',
  'PlanRecord',
  'Receipt',
  'RequestRecord',
  'Statement',
  'Verdict',
  'VerifyReport',
  'VerifyRequest',
];

describe('the public library', () => {
  it('exports these values and no others', async () => {
    const library: object = await import('../../src/index.js');
    expect(Object.keys(library).sort()).toEqual(VALUES);
  });

  it('exports these types and no others', () => {
    expect(exportedTypes(readFileSync(join(root, 'src/index.ts'), 'utf8'))).toEqual(TYPES);
  });

  it('is the only entry of the package besides package.json', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
    expect(Object.keys(exports)).toEqual(['.', './package.json']);
  });
});
