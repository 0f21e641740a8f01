import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathGlob } from './path-glob.js';

describe('a glob over paths', () => {
  it.each([
    ['data/**', 'data/a/b', true],
    ['data/**', 'data', true],
    ['data/**/c.log', 'data/c.log', true],
    ['data/**/c.log', 'data/a/b/c.log', true],
    ['data/**/c.log', 'data/a/b/c.logs', false],
    ['data/*/c', 'data/a/c', true],
    ['data/*/c', 'data/a/b/c', false],
    ['data/a*b*c', 'data/axxbyyc', true],
    ['data/a*b*c', 'data/axxbyy', false],
    ['data/*.log', 'data/.log', true],
    ['data/**/x/**/y', 'data/x/x/y/z/y', true],
    ['data/a.c', 'data/abc', false],
    ['data/a', 'data/A', false],
    ['data/***', 'data/abc', true],
  ])('%s and %s: %s', (glob, path, fits) => {
    expect(pathGlob(glob)(path)).toBe(fits);
  });

  it('fits what the same regular expression fits', () => {
    const text = (units: string[]): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...units), maxLength: 10 });
    fc.assert(
      fc.property(text(['a', 'b', '/', '*']), text(['a', 'b', '/']), (glob, path) => {
        const segments = glob.split('/').map((segment) => (segment === '**' ? '**' : segment.replace(/\*+/g, '[^/]*')));
        // Each segment with the slash behind it, so that `**` may stand for nothing.
        const pattern = segments.map((segment) => (segment === '**' ? '(?:[^/]*/)*' : `${segment}/`)).join('');
        expect(pathGlob(glob)(path)).toBe(new RegExp(`^${pattern}$`).test(`${path}/`));
      }),
      { numRuns: 3000 },
    );
  });

  it('comes to an end on what makes others go back without end', () => {
    expect(pathGlob(`data/${'**/'.repeat(40)}x`)(`data/${'a/'.repeat(100)}y`)).toBe(false);
    expect(pathGlob(`data/${'*a'.repeat(40)}`)(`data/${'a'.repeat(50)}b`)).toBe(false);
  });
});
