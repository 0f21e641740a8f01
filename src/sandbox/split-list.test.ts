import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitArray } from './split-list.js';

describe('splitArray', () => {
  it('gives each element the bytes that it had', () => {
    const list = Buffer.from(
      '{"a":{"items":[9]},"items":[{"n":9007199254740993,"s":"],\\"}{"},[1,2],"x,y",1.50],"z":[3]}',
    );
    expect(splitArray(list, 'items').map(String)).toEqual([
      '{"n":9007199254740993,"s":"],\\"}{"}',
      '[1,2]',
      '"x,y"',
      '1.50',
    ]);
  });

  it('is empty for an empty array, and where there is none', () => {
    expect(splitArray(Buffer.from('{"items":[]}'), 'items')).toEqual([]);
    expect(splitArray(Buffer.from('{"items":null}'), 'items')).toEqual([]);
    expect(splitArray(Buffer.from('{"kind":"items"}'), 'items')).toEqual([]);
  });

  it('splits what JSON.stringify wrote into what it would write of each', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), (items, other) => {
        const body = Buffer.from(JSON.stringify({ other, items, last: { items: [1] } }));
        expect(splitArray(body, 'items').map(String)).toEqual(items.map((item) => JSON.stringify(item)));
      }),
    );
  });

  it('ends for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const body = Buffer.concat([Buffer.from('{"items":['), bytes]);
        expect(splitArray(body, 'items').reduce((sum, part) => sum + part.length, 0)).toBeLessThanOrEqual(body.length);
      }),
    );
  });
});
