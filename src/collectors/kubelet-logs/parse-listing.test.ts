import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSafePath, safeSegment } from '../../lib/safe-path.js';
import { base64Of, displayOf, escapeBytes, keyOf, logPath, urlOf } from './log-names.js';
import { parseListing } from './parse-listing.js';

/** Go's url.URL{Path: name}.String() for one name, as net/http's dirList uses it. */
function goHref(name: Buffer, isFolder: boolean): string {
  let href = '';
  for (const byte of name) {
    const character = String.fromCharCode(byte);
    href += /[A-Za-z0-9\-_.~$&+:=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return `${/^[^/]*:/.test(href) ? './' : ''}${href}${isFolder ? '/' : ''}`;
}

function goText(name: Buffer, isFolder: boolean): string {
  const escaped = name
    .toString('latin1')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&#34;')
    .replace(/'/g, '&#39;');
  return escaped + (isFolder ? '/' : '');
}

const page = (lines: string, head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n') =>
  Buffer.from(`${head}${lines}</pre>\n`, 'latin1');

const names = (listing: ReturnType<typeof parseListing>) =>
  listing?.entries.map(({ name, isFolder }) => name.toString('latin1') + (isFolder ? '/' : ''));

const fileName = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes))
  .filter((name) => !name.includes(0) && !name.includes(0x2f) && !['.', '..'].includes(name.toString('latin1')));

describe('parseListing', () => {
  it('reads what a kubelet of 1.34 writes, and what older ones did', () => {
    const lines = '<a href="kubelet.log">kubelet.log</a>\n<a href="pods/">pods/</a>\n';
    expect(names(parseListing(page(lines)))).toEqual(['kubelet.log', 'pods/']);
    expect(names(parseListing(page(lines, '<pre>\n')))).toEqual(['kubelet.log', 'pods/']);
    expect(names(parseListing(page('')))).toEqual([]);
  });

  it('gives every name that a file system can hold back byte for byte', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fileName, fc.boolean()), { maxLength: 10 }), (entries) => {
        const lines = entries
          .map(([name, isFolder]) => `<a href="${goHref(name, isFolder)}">${goText(name, isFolder)}</a>\n`)
          .join('');
        const listing = parseListing(page(lines));
        expect(listing?.refused).toEqual([]);
        expect(listing?.entries.map(({ name, isFolder }) => [name.toString('hex'), isFolder])).toEqual(
          entries.map(([name, isFolder]) => [name.toString('hex'), isFolder]),
        );
      }),
    );
  });

  it.each([
    '..',
    '../',
    '.',
    './',
    '/',
    '%2E%2E',
    '%2e%2e/',
    'a%2Fb',
    '..%2f..%2fetc',
    '/etc/passwd',
    'http://other/',
    '//other/x',
    '%00',
    'a%00b',
    '%zz',
    '%',
    'a?query=kubelet',
    'a#b',
    'x'.repeat(256),
  ])('refuses %j and goes on', (href) => {
    const listing = parseListing(page(`<a href="${href}">x</a>\n<a href="good">good</a>\n`));
    expect(names(listing)).toEqual(['good']);
    expect(listing?.refused).toEqual([href]);
  });

  it.each([
    '',
    '404 page not found\n',
    '<html><pre>\n</pre>\n',
    '<pre>\n<a href="a">a</a>\n',
    '<pre>\n<a href="a">a</a>\n</pre>\n<script>alert(1)</script>',
    '<pre>\n<a href="a" onclick="x">a</a>\n</pre>\n',
    '<pre>\n<a href="a">a</a><a href="b">b</a>\n</pre>\n',
    '<pre>\ntext\n</pre>\n',
  ])('does not take %j for a listing', (text) => {
    expect(parseListing(Buffer.from(text))).toBeNull();
  });

  it('never throws, and takes its time only for what is there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const listing = parseListing(Buffer.concat([Buffer.from('<pre>\n<a href="'), Buffer.from(bytes)]));
        expect(listing === null || listing.entries.every(({ name }) => name.length > 0 && !name.includes(0x2f))).toBe(
          true,
        );
      }),
    );
    expect(parseListing(page('<a href="a">'.repeat(100_000)))).toBeNull();
    expect(parseListing(Buffer.from(`<pre>\n<a href="a">${'\n'.repeat(1_000_000)}`))).toBeNull();
  });
});

const path = fc.array(fileName, { minLength: 1, maxLength: 8 });

describe('where a file goes', () => {
  it('is always a path that archive and sink accept, whatever it is called', () => {
    fc.assert(
      fc.property(path, fc.string(), (parts, node) => {
        const at = logPath(safeSegment(node), parts);
        expect(isSafePath(at)).toBe(true);
        const whole = `${'c'.repeat(30)}/${at}.p0001`;
        const slash = whole.indexOf('/', Math.max(0, whole.length - 101));
        expect(whole.length <= 100 || (slash > 0 && slash <= 155)).toBe(true);
      }),
    );
  });

  it('is as it is called where that is possible', () => {
    expect(logPath('node-1', [Buffer.from('pods'), Buffer.from('a.log')])).toBe('data/nodes/node-1/logs/pods/a.log');
  });

  it('tells apart what differs in one byte', () => {
    const long = 'x'.repeat(200);
    const deep = Array.from({ length: 7 }, () => Buffer.from(long));
    expect(logPath('n', [...deep, Buffer.from('a')])).not.toBe(logPath('n', [...deep, Buffer.from('b')]));
    expect(logPath('n', [Buffer.from([0xff])])).not.toBe(logPath('n', [Buffer.from([0xfe])]));
    fc.assert(
      fc.property(path, path, (one, other) => {
        expect(urlOf(one) === urlOf(other)).toBe(base64Of(one) === base64Of(other));
        expect(keyOf(one)).toMatch(/^[\x21-\x7e]{1,400}$/);
        expect(displayOf(one)).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  it('asks for the bytes of the name and nothing else', () => {
    expect(escapeBytes(Buffer.from('a b%2e\n?#'))).toBe('a%20b%252e%0A%3F%23');
    expect(urlOf([Buffer.from('..x'), Buffer.from([0xc3, 0x28])])).toBe('..x/%C3%28'.replace('(', '%28'));
  });
});
