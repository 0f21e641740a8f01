/**
 * node bench-read-bolt.mjs FILE [carve]: prints what bbolt's own program prints of a database (test/interop/bolt): a line for each key with
 * the SHA-256 of its value. With `carve`, the deleted entries are counted, too.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { BoltBucket } from '../../src/lib/bolt/bolt-bucket.js';
import { BoltDatabase } from '../../src/lib/bolt/bolt-database.js';

const [file = '', carve = ''] = process.argv.slice(2);
const fd = openSync(file, 'r');
const database = new BoltDatabase({
  sizeBytes: fstatSync(fd).size,
  read: (offset, lengthBytes) => {
    const bytes = Buffer.allocUnsafe(lengthBytes);
    return bytes.subarray(0, readSync(fd, bytes, 0, lengthBytes, offset));
  },
});

function dump(bucket: BoltBucket, prefix: string, lines: string[]): void {
  for (const entry of bucket.entries()) {
    const name = prefix + entry.key.toString('hex');
    if (entry.bucket === undefined) lines.push(`${name} ${createHash('sha256').update(entry.value).digest('hex')}\n`);
    else {
      lines.push(`${name}/\n`);
      dump(entry.bucket, `${name}/`, lines);
    }
  }
}

const lines: string[] = [];
dump(database.root, '', lines);
if (carve === 'carve') for await (const { entries } of database.carve()) if (entries.length === 0) lines.push('\n');
process.stdout.write(lines.join(''));
closeSync(fd);
