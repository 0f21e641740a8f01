import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeSink } from '../../test/fakes/fake-cluster-sink.js';
import { isSafePath, safeSegment } from '../lib/safe-path.js';
import { openItem } from './open-item.js';
import { distinctSegments, keyPart, urlPart } from './segments.js';

const name = fc.string({ unit: 'binary', maxLength: 300 });

describe('names that the server chose', () => {
  it('become parts of keys and URLs that mean nothing else', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(keyPart(text)).toMatch(/^[\x21-\x7e]{0,200}$/);
        expect(`${keyPart(text)}${urlPart(text)}`).not.toMatch(/[/?#\\]/);
        expect(['.', '..']).not.toContain(urlPart(text));
        expect(new URL(`https://x.test/a/${urlPart(text)}/b`).pathname.split('/').length).toBe(
          text === '..' || text === '.' ? 2 : 4,
        );
      }),
      { examples: [['a/../b'], ['\ud800'], ['%2e%2e'], ['?x#y']] },
    );
  });

  it('stay apart in keys, however long', () => {
    fc.assert(
      fc.property(
        name,
        name,
        (one, other) => (keyPart(one) === keyPart(other)) === Buffer.from(one).equals(Buffer.from(other)),
      ),
    );
    expect(keyPart(`${'x'.repeat(500)}a`)).not.toBe(keyPart(`${'x'.repeat(500)}b`));
  });

  it('get a folder each, also when one is named after the shortened form of another', () => {
    const long = 'n'.repeat(63);
    const names = [long, safeSegment(long), 'plain'];
    const segments = distinctSegments(names);
    expect(new Set(segments.values()).size).toBe(3);
    expect([...segments.values()].every(isSafePath)).toBe(true);
    expect(segments.get('plain')).toBe('plain');
    expect(distinctSegments(names)).toEqual(segments);
  });
});

describe('openItem', () => {
  const draft = {
    path: 'data/a/page-0001.json',
    artifact: 'x/y',
    collector: 'x',
    vantage: 'api',
    sensitivity: 'normal',
  } as const;

  it('takes the path that was asked for, then the next free one', async () => {
    const sink = new FakeSink();
    const paths = [];
    for (let round = 0; round < 3; round += 1) paths.push((await openItem(sink, draft)).path);
    expect(paths).toEqual(['data/a/page-0001.json', 'data/a/page-0001.r2.json', 'data/a/page-0001.r3.json']);
    const bare = { ...draft, path: 'data/a.d/name' };
    sink.take(bare.path);
    expect((await openItem(sink, bare)).path).toBe('data/a.d/name.r2');
  });

  it('gives up on a path that never fits', async () => {
    await expect(openItem(new FakeSink(), { ...draft, path: 'data/../x' })).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
