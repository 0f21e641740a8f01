import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointArchive } from './checkpoint-archive.js';
import { checkedPath, parseFiles } from './checkpoint-file.js';

/** A ustar member; names are short here. */
function member(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0, 'latin1');
  head.write('0000600\0', 100, 'latin1');
  head.write('0000000\0'.repeat(2), 108, 'latin1');
  head.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  head.write('00000000000\0', 136, 'latin1');
  head.write('        0', 148, 'latin1');
  head.write('ustar\x0000', 257, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([head, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
const END = Buffer.alloc(1024);
const layer = Buffer.concat([member('etc/.wh.passwd', Buffer.alloc(0)), member('etc/new', Buffer.alloc(700, 1)), END]);
const checkpoint = (inner: Buffer): Buffer =>
  Buffer.concat([member('rootfs-diff.tar', inner), member('deleted.files', Buffer.from('["/gone"]')), END]);

async function read(bytes: Buffer, cuts: readonly number[] = []): Promise<CheckpointArchive> {
  const archive = new CheckpointArchive();
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (at < bytes.length) await archive.write(Buffer.from(bytes.subarray(at, at + cut)));
    at += cut;
  }
  await archive.end();
  return archive;
}

describe('an archive of a checkpoint', () => {
  it('says the same however its stream is cut, plain or gzip', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(fc.integer({ min: 1, max: 900 })), async (isGzip, cuts) => {
        const archive = await read(checkpoint(isGzip ? gzipSync(layer) : layer), cuts);
        expect([...archive.problems]).toEqual([]);
        expect(archive.members.map(({ name }) => name.display)).toEqual(['rootfs-diff.tar', 'deleted.files']);
        expect(archive.deletions.map(({ path, saidBy }) => [path.display, saidBy])).toEqual([
          ['/etc/passwd', ['whiteout']],
          ['/gone', ['deleted.files']],
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('that ends early, wherever, is told as such and holds nothing up', async () => {
    const bytes = checkpoint(gzipSync(layer));
    for (let length = 1; length < bytes.length - 512; length += 97)
      expect([...(await read(bytes.subarray(0, length))).problems].length).toBeGreaterThan(0);
  });

  it('a second layer of the same name is not mixed into the first', async () => {
    const bytes = Buffer.concat([member('rootfs-diff.tar', layer), member('rootfs-diff.tar', layer), END]);
    const archive = await read(bytes);
    expect(archive.members).toHaveLength(2);
    expect([...archive.problems]).toEqual([]);
  });

  it('no bytes make it fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1500 }), fc.boolean(), async (noise, isInner) => {
        const { members } = await read(isInner ? checkpoint(Buffer.from(noise)) : Buffer.from(noise));
        expect(members.length).toBe(isInner ? 2 : 0);
      }),
    );
  });
});

const NAMES = fc.stringMatching(/^checkpoint-[./a-z:\n]{0,9}\.tar\n?$/);
const FOLDER = '/var/lib/kubelet/checkpoints/';

describe('what the node says of its files', () => {
  it('is rows or nothing', () => {
    expect(parseFiles(Buffer.from('a\0' + '1\0' + '2\0'))).toEqual([{ name: 'a', inode: '1', sizeBytes: '2' }]);
    for (const bad of ['a\0' + '1\0', 'a\0' + 'x\0' + '2\0', 'a\0' + '1\0' + '2'])
      expect(parseFiles(Buffer.from(bad))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        parseFiles(Buffer.from(bytes));
      }),
    );
  });

  it('leads to no path outside the folder', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.oneof(fc.string({ unit: 'binary' }), NAMES), (value, text) => {
        for (const answer of [value, { items: [`${FOLDER}${text}`] }, { items: [text] }]) {
          const path = checkedPath(answer, 'checkpoint-');
          expect(path ?? `${FOLDER}checkpoint-.tar`).toMatch(
            /^\/var\/lib\/kubelet\/checkpoints\/checkpoint-[\w.:-]*\.tar$/,
          );
        }
      }),
    );
  });
});
