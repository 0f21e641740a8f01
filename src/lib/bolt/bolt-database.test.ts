import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bufferAccess } from '../../../test/fakes/file-access.js';
import { BoltDatabase, type CarvedPage } from './bolt-database.js';
import { NotBoltError } from './bolt-error.js';

/** Written by containerd 1.6.20, see src/lib/containerd-store. */
const path = join(import.meta.dirname, '../containerd-store/fixtures/containerd-1.6.20-meta.db.gz');
const whole = gunzipSync(readFileSync(path));
const PAGE = 4096;

const open = (bytes: Buffer): BoltDatabase => new BoltDatabase(bufferAccess(bytes));

function damaged(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(whole);
  change(bytes);
  return bytes;
}

async function carvedOf(database: BoltDatabase, signal?: AbortSignal): Promise<CarvedPage[]> {
  const pages: CarvedPage[] = [];
  for await (const page of database.carve(signal)) pages.push(page);
  return pages;
}

/** Everything that can be asked of a database, to its end. */
async function readAll(bytes: Buffer): Promise<number> {
  const database = open(bytes);
  const { keys } = database.walk();
  return keys + (await carvedOf(database)).length + database.problemCount;
}

describe('a bolt database', () => {
  it('is read in the state of its last transaction', () => {
    const database = open(whole);
    const metas = [0, 1].map((page) => Number(whole.readBigUInt64LE(page * PAGE + 16 + 48)));
    expect(database.transactionId).toBe(Math.max(...metas));
    expect([...database.root.entries()].map(({ key }) => key.toString())).toStrictEqual(['v1']);
    expect(database.problems).toStrictEqual([]);
  });

  it.each([0, 1])('with meta page %d torn is read in the state of the other, which is said', (page) => {
    const bytes = damaged((all) => all.fill(0x55, page * PAGE + 30, page * PAGE + 60));
    const database = open(bytes);
    expect(database.transactionId).toBe(Number(whole.readBigUInt64LE((1 - page) * PAGE + 16 + 48)));
    expect(database.problems).toContainEqual({ pageId: page, reason: 'meta-invalid' });
  });

  it('with both torn, or of another kind, is none', () => {
    const both = damaged((all) => all.fill(0, 0, 2 * PAGE));
    for (const bytes of [both, Buffer.alloc(0), Buffer.from('SQLite format 3\0'), Buffer.alloc(100_000, 0xed)])
      expect(() => open(bytes)).toThrow(NotBoltError);
  });

  it('cut at any page is read as far as it goes, and what is lost is counted', () => {
    for (let pages = 2; pages < whole.length / PAGE; pages += 1) {
      const database = open(whole.subarray(0, pages * PAGE));
      const { keys } = database.walk();
      expect(keys === open(whole).walk().keys || database.problemCount > 0).toBe(true);
    }
  });

  it('whose pages point at each other ends all the same', () => {
    const bytes = damaged((all) => {
      for (let page = 2; page < all.length / PAGE; page += 1) {
        const at = page * PAGE;
        if (all.readUInt16LE(at + 8) !== 2) continue;
        // Each bucket of each page begins at a page that is in use.
        for (let element = 0; element < all.readUInt16LE(at + 10); element += 1) {
          const place = at + 16 + element * 16;
          if (all.readUInt32LE(place) !== 1) continue;
          const value = place + all.readUInt32LE(place + 4) + all.readUInt32LE(place + 8);
          all.writeBigUInt64LE(2n, value);
        }
      }
    });
    const database = open(bytes);
    database.walk();
    expect(database.problems.some(({ reason }) => reason === 'page-read-twice')).toBe(true);
  });

  it('of pages that all claim the rest of the file is carved in little more than its size', async () => {
    const pages = 1500;
    const bytes = Buffer.alloc(whole.length + pages * PAGE);
    whole.copy(bytes);
    const first = whole.length / PAGE;
    for (let page = first; page < first + pages; page += 1) {
      const at = page * PAGE;
      const rest = bytes.length - at;
      bytes.writeUInt32LE(page, at);
      bytes.writeUInt16LE(2, at + 8);
      bytes.writeUInt16LE(1, at + 10);
      bytes.writeUInt32LE(rest / PAGE - 1, at + 12);
      // The one element reaches to the end of every second, and no further than the page in the others.
      bytes.writeUInt32LE(16, at + 20);
      bytes.writeUInt32LE(1, at + 24);
      bytes.writeUInt32LE(page % 2 === 0 ? rest - 33 : 1, at + 28);
    }
    let readBytes = 0;
    const source = bufferAccess(bytes);
    const database = new BoltDatabase({
      sizeBytes: source.sizeBytes,
      read: (offset, lengthBytes) => {
        readBytes += lengthBytes;
        return source.read(offset, lengthBytes);
      },
    });
    const before = (await carvedOf(open(whole))).length;
    const carved = await carvedOf(database);
    expect(readBytes).toBeLessThan(8 * bytes.length);
    expect(carved.length).toBeGreaterThanOrEqual(before + pages / 2);
    expect(database.problemCount).toBeGreaterThan(0);
    expect(database.problems.every(({ reason }) => reason === 'too-large')).toBe(true);
  });

  /** Behind the state that is read lie pages of earlier transactions, one after the other. */
  function withFreedPages(count: number): Buffer {
    const first = whole.length / PAGE;
    const bytes = Buffer.concat([whole, Buffer.alloc(count * PAGE)]);
    for (let page = first; page < first + count; page += 1) {
      const at = page * PAGE;
      bytes.writeUInt32LE(page, at);
      bytes.writeUInt16LE(2, at + 8);
      bytes.writeUInt16LE(1, at + 10);
      bytes.writeUInt32LE(16, at + 20);
      bytes.writeUInt32LE(1, at + 24);
      bytes.writeUInt32LE(1, at + 28);
    }
    return bytes;
  }

  it('that is large lets others have their turn while it is carved', async () => {
    const database = open(withFreedPages(8192));
    let turns = 0;
    let isCarving = true;
    const turn = (): void => {
      turns += 1;
      if (isCarving) setImmediate(turn);
    };
    setImmediate(turn);
    const carved = await carvedOf(database);
    isCarving = false;
    expect(carved.length).toBeGreaterThanOrEqual(8192);
    // 32 MiB, and a turn every 4.
    expect(turns).toBeGreaterThanOrEqual(7);
  });

  it('is carved no further once the signal was aborted', async () => {
    const abort = new AbortController();
    let readBytes = 0;
    const source = bufferAccess(withFreedPages(8192));
    const database = new BoltDatabase({
      sizeBytes: source.sizeBytes,
      read: (offset, lengthBytes) => {
        readBytes += lengthBytes;
        return source.read(offset, lengthBytes);
      },
    });
    setImmediate(() => {
      abort.abort(new Error('enough'));
    });
    await expect(carvedOf(database, abort.signal)).rejects.toThrow('enough');
    expect(readBytes).toBeLessThan(source.sizeBytes / 2);
  });

  it('never throws and always ends, whatever bytes are in it', async () => {
    const edit = fc.record({ at: fc.nat(whole.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 40 }), async (edits) => {
        const bytes = damaged((all) => {
          // The meta pages stay, or nothing would be read at all.
          for (const { at, bytes: put } of edits) if (at >= 2 * PAGE) all.set(put.subarray(0, all.length - at), at);
        });
        expect(await readAll(bytes)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
