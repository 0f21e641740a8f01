import { describe, expect, it } from 'vitest';
import type { DriftClass, DriftFinding, DriftSeverity } from '../../model/drift.js';
import type { FileVerdict } from '../packages/judge-executable.js';
import { withOwnPackage } from './installed-inside.js';

const finding = (driftClass: DriftClass, rule: string, severity: DriftSeverity): DriftFinding => ({
  driftClass,
  rule,
  severity,
  why: '',
});
const FOUND = [finding('X2', 'modified-system-file', 'critical'), finding('X3', 'set-id', 'critical')];
const is = (verdict: FileVerdict['verdict'], version: string | null, name: string | null = 'sudo'): FileVerdict => ({
  verdict,
  package: name,
  version,
});

function judged(own: FileVerdict | null, image: FileVerdict, { found = FOUND, isOfImage = false } = {}): string[] {
  return withOwnPackage(found, { image, own }, isOfImage).map(({ rule, severity }) => `${rule}:${severity}`);
}
const AS_FOUND = ['modified-system-file:critical', 'set-id:critical'];
const LOWERED = ['modified-system-file:high', 'set-id:critical', 'installed-inside:info'];

describe("the container's own word for a package", () => {
  it('counts as an upgrade where the version is another, or as a new package, one step', () => {
    expect(judged(is('unmodified', '2'), is('modified', '1'))).toEqual(LOWERED);
    expect(judged(is('unmodified', '2', 'other'), is('not-owned', null, null))).toEqual(LOWERED);
  });

  it('is a contradiction under the package and the version of the image', () => {
    const contradicted = [...AS_FOUND, 'database-contradicts:high'];
    expect(judged(is('unmodified', '1'), is('modified', '1'), { isOfImage: true })).toEqual(contradicted);
    expect(judged(is('unmodified', '1'), is('configured', '1'), { isOfImage: true })).toEqual(contradicted);
    expect(judged(is('unmodified', null), is('modified', null))).toEqual(contradicted);
  });

  it('counts for nothing where the image has that package so without the file, or where it names no version', () => {
    expect(judged(is('unmodified', '1'), is('not-owned', null, null), { isOfImage: true })).toEqual(AS_FOUND);
    expect(judged(is('unmodified', '1', 'bash'), is('modified', '1'), { isOfImage: true })).toEqual(AS_FOUND);
    expect(judged(is('unmodified', null), is('modified', '1'))).toEqual(AS_FOUND);
    expect(judged(is('modified', '2'), is('modified', '1'))).toEqual(AS_FOUND);
    expect(judged(null, is('modified', '1'))).toEqual(AS_FOUND);
  });

  it('never makes less of what runs, or of what was disguised', () => {
    const found = [
      finding('X1', 'new-and-running', 'critical'),
      finding('X2', 'modified-and-running', 'critical'),
      finding('X2', 'replaced-and-running', 'critical'),
      finding('X2', 'modified-in-disguise', 'critical'),
      finding('X2', 'modified-package-file', 'high'),
    ];
    expect(judged(is('unmodified', '2'), is('modified', '1'), { found })).toEqual([
      'new-and-running:critical',
      'modified-and-running:critical',
      'replaced-and-running:critical',
      'modified-in-disguise:critical',
      'modified-package-file:medium',
      'installed-inside:info',
    ]);
  });
});
