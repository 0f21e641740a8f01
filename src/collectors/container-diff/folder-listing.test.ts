import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarEnd, tarMember } from '../../lib/pax-tar/pax-tar-writer.js';
import { BaseLayers, foldersOf } from './base-layers.js';
import { LISTING_SCRIPT } from './far-scripts.js';
import { FolderListing } from './folder-listing.js';
import { UpperContent } from './upper-content.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-listing-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function listingOf(maxEntries: number, maxHeldBytes?: number): FolderListing {
  const identity = execFileSync('stat', ['-c', '%d:%i', folder]).toString().trim();
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', ROOT: '', PROC: '/proc' };
  const bytes = execFileSync('sh', ['-c', LISTING_SCRIPT, 'exhibit', '-', folder, identity], { env });
  const listing = new FolderListing(maxEntries, maxHeldBytes);
  listing.feed(bytes);
  expect(listing.end()).toBeNull();
  return listing;
}

describe('what is held of a listing', () => {
  it('is all of it, within the bounds', () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), '');
    expect(listingOf(4)).toMatchObject({ total: 4, isTooMany: false });
    expect(listingOf(3)).toMatchObject({ total: 4, isTooMany: true });
  });

  it('has a bound for folders in folders, whose names grow with every one', () => {
    mkdirSync(join(folder, ...Array.from({ length: 100 }, () => 'd')), { recursive: true });
    // 0 + 1 + 3 + ... + 199 bytes.
    expect(listingOf(1000, 10_000)).toMatchObject({ total: 101, isTooMany: false });
    const bounded = listingOf(1000, 9999);
    expect(bounded).toMatchObject({ total: 101, isTooMany: true });
    expect(bounded.entries.size).toBe(100);
  });

  it('counts what links lead to', () => {
    symlinkSync('x'.repeat(1000), join(folder, 'l'));
    expect(listingOf(1000, 1001).isTooMany).toBe(false);
    expect(listingOf(1000, 1000).isTooMany).toBe(true);
  });
});

describe('what is held of an archive', () => {
  const member = (name: string, xattrs: ReadonlyMap<string, Buffer>): Buffer =>
    tarMember({
      type: 'file',
      name: Buffer.from(name),
      linkName: Buffer.alloc(0),
      ...{ mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, mtimeNs: 0n, deviceMajor: 0, deviceMinor: 0 },
      ...{ xattrs, sparse: null },
    });
  const contentOf = (maxHeldBytes?: number): UpperContent => {
    const content = new UpperContent(10, maxHeldBytes);
    const large = member('a', new Map([['user.x', Buffer.alloc(1000)]]));
    content.feed(Buffer.concat([large, member('b', new Map()), tarEnd()]));
    content.end();
    expect(content.problem).toBeNull();
    return content;
  };

  it('has a bound for attributes, and says that there were more', () => {
    const whole = contentOf();
    expect([whole.isTooMany, [...whole.entries.keys()]]).toEqual([false, ['a', 'b']]);
    const bounded = contentOf(500);
    expect([bounded.isTooMany, [...bounded.entries.keys()]]).toEqual([true, ['b']]);
  });
});

describe('the folders of a path', () => {
  it('come from the outermost on, without the last name', () => {
    expect([...foldersOf('a/b/c')]).toEqual(['a', 'a/b']);
    expect([...foldersOf('a'), ...foldersOf('')]).toEqual([]);
  });

  it('are not spelled out where the first is missing: a name may be of 100,000', () => {
    const deep = 'd/'.repeat(100_000);
    const layers = new BaseLayers(20);
    for (let file = 0; file < 1000; file += 1) expect(layers.find(`${deep}${String(file)}`)).toBeNull();
  });
});
