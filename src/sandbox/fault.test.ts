import { describe, expect, it } from 'vitest';
import { FaultBook } from './fault.js';

const kinds = (book: FaultBook, method: string, target: string): string[] =>
  book.take(method, target).map((fault) => fault.kind);

describe('FaultBook', () => {
  it('lets some calls through, hits some, and is done', () => {
    const book = new FaultBook([{ kind: 'reset', path: /^\/a/, after: 1, times: 2 }]);
    const hits = Array.from({ length: 5 }, () => kinds(book, 'GET', '/a?x=1').length);
    expect(hits).toEqual([0, 1, 1, 0, 0]);
  });

  it('counts matching calls alone', () => {
    const book = new FaultBook([{ kind: 'reset', path: /b/g, method: 'POST', times: 1 }]);
    expect([kinds(book, 'GET', '/b'), kinds(book, 'POST', '/a'), kinds(book, 'POST', '/b')]).toEqual([
      [],
      [],
      ['reset'],
    ]);
  });

  it('matches a global expression each time', () => {
    const book = new FaultBook([{ kind: 'html', path: /b/g }]);
    expect([kinds(book, 'GET', '/b'), kinds(book, 'GET', '/b')]).toEqual([['html'], ['html']]);
  });

  it('keeps the order, and leaves certificates to the server', () => {
    const book = new FaultBook([
      { kind: 'bad-tls', certificate: 'expired' },
      { kind: 'hostile-names', path: /./ },
      { kind: 'cut', afterBytes: 1, path: /./ },
    ]);
    expect(kinds(book, 'GET', '/')).toEqual(['hostile-names', 'cut']);
  });
});
