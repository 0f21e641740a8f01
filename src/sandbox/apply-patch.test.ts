import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonPatch, mergePatch } from './apply-patch.js';

// The examples of RFC 7386, appendix A.
it.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merges %j with %j', (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result);
});

it.each([
  [{ a: [1, 2] }, { op: 'add', path: '/a/1', value: 9 }, { a: [1, 9, 2] }],
  [{ a: [1, 2] }, { op: 'add', path: '/a/-', value: 9 }, { a: [1, 2, 9] }],
  [{ a: [1, 2] }, { op: 'remove', path: '/a/0' }, { a: [2] }],
  [{ a: [1, 2] }, { op: 'replace', path: '/a/1', value: 9 }, { a: [1, 9] }],
  [{ a: [1, 2] }, { op: 'test', path: '/a/1', value: 2 }, { a: [1, 2] }],
  [{ a: [1, 2] }, { op: 'test', path: '/a/1', value: 3 }, null],
  [{ a: [1, 2] }, { op: 'replace', path: '/a/2', value: 3 }, null],
  [{ 'a/b': { '~': 1 } }, { op: 'replace', path: '/a~1b/~0', value: 2 }, { 'a/b': { '~': 2 } }],
  [{ a: 1 }, { op: 'replace', path: '/b', value: 2 }, null],
  [{ a: 1 }, { op: 'remove', path: '/b/c' }, null],
  [{ a: 1 }, { op: 'move', path: '/b', from: '/a' }, null],
  [{ a: 1 }, { op: 'add', path: 'b', value: 2 }, null],
])('patches %j by %j', (target, operation, result) => {
  expect(jsonPatch(target, [operation])).toEqual(result);
});

it('changes nothing of what it is given, and all or nothing of a copy', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (target, patch) => {
      const before = JSON.stringify(target);
      mergePatch(target, patch);
      jsonPatch(target, patch);
      jsonPatch(target, [{ op: 'add', path: '/x', value: 1 }, patch]);
      expect(JSON.stringify(target)).toBe(before);
    }),
  );
});
