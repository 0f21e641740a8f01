import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integerBytes, readBoolean, readElements, readOid, readOne, readSmallInteger, TAG, type Der } from './der.js';
import { der, oid, sequence, smallInteger } from './der-writer.js';
import { readTime } from './instants.js';
import { TokenProblem } from './token-problem.js';

const element = (tag: number, hex: string): Der => readOne(der(tag, Buffer.from(hex, 'hex')), tag, 'it');
const time = (text: string, tag: number = TAG.generalizedTime): Der => readOne(der(tag, Buffer.from(text)), tag, 'it');

describe('DER', () => {
  it('is read as it was written, whatever the lengths', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 6 }), (contents) => {
        const bytes = sequence(...contents.map((content) => der(TAG.octetString, content)));
        const members = readElements(readOne(bytes, TAG.sequence, 'it').content);
        expect(members.map(({ content }) => content)).toEqual(contents.map((content) => Uint8Array.from(content)));
      }),
    );
    expect(readOne(der(TAG.octetString, Buffer.alloc(70_000, 1)), TAG.octetString, 'it').content).toHaveLength(70_000);
  });

  it('has one way to say an object identifier', () => {
    const arc = fc.nat(2 ** 31);
    fc.assert(
      fc.property(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 8 }), (root, second, rest) => {
        const text = [root, second, ...rest].join('.');
        expect(readOid(readOne(oid(text), TAG.oid, 'it'))).toBe(text);
      }),
    );
    for (const hex of ['', '80', '2a80', '2a8001', '2aff', '2affffffffffffffffff7f'])
      expect(() => readOid(element(TAG.oid, hex)), hex).toThrow(TokenProblem);
  });

  it.each([
    ['a length in more bytes than it needs', '04810100'],
    ['a long length that starts with zero', `0482000100`],
    ['an indefinite length', '3080020100000000'],
    ['a length of five bytes', '04850000000001ff'],
    ['more than there is', '0405aabb'],
    ['only a tag', '04'],
    ['a tag of two bytes', '1f810100'],
  ])('is not %s', (_, hex) => {
    expect(() => readElements(Buffer.from(hex, 'hex'))).toThrow(TokenProblem);
  });

  it('has no second way to say a number or a truth', () => {
    expect(readSmallInteger(readOne(smallInteger(127), TAG.integer, 'it'))).toBe(127);
    expect(readSmallInteger(element(TAG.integer, '0080'))).toBe(128);
    for (const hex of ['', '0001', 'ff80', 'ffff'])
      expect(() => integerBytes(element(TAG.integer, hex))).toThrow(TokenProblem);
    for (const hex of ['80', '0080000000'])
      expect(() => readSmallInteger(element(TAG.integer, hex))).toThrow(TokenProblem);
    expect(readBoolean(element(TAG.boolean, 'ff'))).toBe(true);
    for (const hex of ['', '01', '0000']) expect(() => readBoolean(element(TAG.boolean, hex))).toThrow(TokenProblem);
  });

  it('has times of two kinds, in UTC and whole', () => {
    expect(readTime(time('20260102030405Z'))).toBe(Date.parse('2026-01-02T03:04:05Z'));
    expect(readTime(time('20260102030405.1234Z'))).toBe(Date.parse('2026-01-02T03:04:05.123Z'));
    expect(readTime(time('491231235959Z', TAG.utcTime))).toBe(Date.parse('2049-12-31T23:59:59Z'));
    expect(readTime(time('500101000000Z', TAG.utcTime))).toBe(Date.parse('1950-01-01T00:00:00Z'));
    for (const text of [
      '20260102030405',
      '20260102030405+0100',
      '20261302030405Z',
      '20260102030405.10Z',
      '20260102030405.Z',
      '2026010203Z',
      '',
    ])
      expect(() => readTime(time(text)), text).toThrow(TokenProblem);
    expect(() => readTime(time('20260102030405Z', TAG.utcTime))).toThrow(TokenProblem);
  });
});
