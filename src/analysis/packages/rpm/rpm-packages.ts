import { bdbBlobs, isBdbHash } from './bdb-blobs.js';
import type { Damage } from './damage.js';
import { isNdb, ndbBlobs } from './ndb-blobs.js';
import { parseRpmHeader, type RpmPackage } from './rpm-header.js';
import { SqlitePages } from './sqlite-pages.js';
import { sqliteRows } from './sqlite-table.js';

function* sqliteBlobs(pages: SqlitePages, damage: Damage): Generator<Buffer> {
  for (const [, blob] of sqliteRows(pages, 'Packages', damage)) if (blob !== undefined) yield blob;
}

function blobsOf(file: Buffer, wal: Buffer | null, damage: Damage): Generator<Buffer> | null {
  const pages = SqlitePages.of(file, wal);
  if (pages !== null) return sqliteBlobs(pages, damage);
  if (isNdb(file)) return ndbBlobs(file, damage);
  return isBdbHash(file) ? bdbBlobs(file, damage) : null;
}

/**
 * The packages of an rpm database in whichever form it has: SQLite (with its log, if it has one), ndb or Berkeley DB. What is damaged is
 * left out and counted in `damage`.
 */
export function* rpmPackages(file: Buffer, wal: Buffer | null, damage: Damage): Generator<RpmPackage> {
  const blobs = blobsOf(file, wal, damage);
  if (blobs === null) damage.note();
  for (const blob of blobs ?? []) {
    const found = parseRpmHeader(blob);
    if (found === null) damage.note();
    else yield found;
  }
}
