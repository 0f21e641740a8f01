import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeContinue } from './continue-token.js';
import { pageList, type Paged } from './page-list.js';

const names = ['a/a', 'a-b/c', 'b/a', 'b/b', 'c/z'];
const key = (name: string): string => name;
const sorted = [...names].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

function page(query: Record<string, string>, items: readonly string[] = sorted): Paged<string> {
  const result = pageList({
    items,
    keyOf: key,
    query: new URLSearchParams(query),
    resourceVersion: '40',
    counted: true,
  });
  if ('code' in result) throw new Error(result.message);
  return result;
}

describe('pageList', () => {
  it('gives everything without a limit, and no token', () => {
    expect(page({})).toEqual({ items: sorted, resourceVersion: '40', continueToken: '', remaining: null });
    expect(page({ limit: '5' })).toMatchObject({ items: sorted, continueToken: '', remaining: null });
  });

  it('counts what remains and says where to go on', () => {
    const first = page({ limit: '2' });
    expect(first).toMatchObject({ items: sorted.slice(0, 2), remaining: 3 });
    expect(decodeContinue(first.continueToken)).toEqual({ resourceVersion: 40, startKey: `${sorted[1] ?? ''}\0` });
  });

  it('pages of any size make up the list, each object once', () => {
    const someNames = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,6}\/[a-z0-9-]{1,6}$/), { maxLength: 30 });
    fc.assert(
      fc.property(someNames, fc.integer({ min: 1, max: 7 }), (unsorted, limit) => {
        const items = unsorted.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
        const read: string[] = [];
        let token = '';
        do {
          const next = page({ limit: String(limit), continue: token }, items);
          expect(page({ limit: String(limit), continue: token }, items)).toEqual(next);
          read.push(...next.items);
          token = next.continueToken;
        } while (token !== '');
        expect(read).toEqual(items);
      }),
    );
  });

  it('goes on at the latest version when it is asked to, and drops older ones', () => {
    const token = (rv: number): string =>
      Buffer.from(`{"v":"meta.k8s.io/v1","rv":${rv},"start":"b/a"}`).toString('base64url');
    expect(page({ continue: token(-1) }).items).toEqual(['b/a', 'b/b', 'c/z']);
    expect(() => page({ continue: token(39) })).toThrow(/too old to display a consistent list/);
  });
});
