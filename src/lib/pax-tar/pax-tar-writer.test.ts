import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PaxTarReader } from './pax-tar-reader.js';
import { tarEnd, tarMember, tarPadding, type WrittenMember } from './pax-tar-writer.js';

const name = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => {
  // A slash at the end makes a folder of an old header, and NUL ends a name.
  const clean = bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte));
  return Buffer.from(clean);
});

/** Segments in order, with holes before, between and perhaps after them. */
const sparse = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 600 })), { maxLength: 60 }),
    fc.nat(2 ** 20),
  )
  .map(([gaps, end]) => {
    let at = 0;
    const segments = gaps.map(([gap, sizeBytes]) => {
      const offset = at + gap;
      at = offset + sizeBytes;
      return { offset, sizeBytes };
    });
    return { segments, sizeBytes: at + end };
  });

const member: fc.Arbitrary<WrittenMember> = fc
  .record({
    name,
    mode: fc.nat(0o7777),
    uid: fc.nat(2 ** 32 - 1),
    gid: fc.nat(2 ** 32 - 1),
    mtimeNs: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 20n }),
    xattrs: fc
      .array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}\.[a-z.=%]{1,40}$/), fc.uint8Array({ maxLength: 200 })), {
        maxLength: 4,
      })
      .map((list) => new Map(list.map(([key, value]) => [key, Buffer.from(value)]))),
    content: fc.oneof(
      fc.nat(2000).map((sizeBytes) => ({ sizeBytes, sparse: null })),
      sparse.map(({ segments, sizeBytes }) => ({ sizeBytes, sparse: segments })),
    ),
  })
  .map(({ content, ...rest }) => ({
    type: 'file',
    linkName: Buffer.alloc(0),
    deviceMajor: 0,
    deviceMinor: 0,
    ...rest,
    ...content,
  }));

const storedOf = ({ sparse: map, sizeBytes }: WrittenMember): number =>
  map === null ? sizeBytes : map.reduce((sum, one) => sum + one.sizeBytes, 0);

it('writes members that are read as they were, names and attributes as bytes, holes as holes', () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      const bytes = members.flatMap((one) => {
        const stored = Buffer.alloc(storedOf(one), 'x');
        return [tarMember(one), stored, tarPadding(stored.length)];
      });
      const reader = new PaxTarReader();
      const read: unknown[] = [];
      let contentBytes = 0;
      for (const event of reader.feed(Buffer.concat([...bytes, tarEnd()]))) {
        if (event.kind === 'data') contentBytes += event.bytes.length;
        if (event.kind !== 'entry') continue;
        const { type, name: path, linkName, mode, uid, gid, sizeBytes, mtimeNs, xattrs, sparse: map } = event.entry;
        const segments = map?.filter((one) => one.sizeBytes > 0) ?? null;
        read.push({
          type,
          name: path,
          linkName,
          mode,
          uid,
          gid,
          sizeBytes,
          mtimeNs,
          xattrs,
          sparse: segments,
          deviceMajor: 0,
          deviceMinor: 0,
        });
      }
      reader.end();
      expect(read).toEqual(members);
      expect(contentBytes).toBe(members.reduce((sum, one) => sum + storedOf(one), 0));
    }),
  );
});

it.each([
  ['hard-link', '1'],
  ['symbolic-link', '2'],
  ['char-device', '3'],
  ['block-device', '4'],
  ['directory', '5'],
  ['fifo', '6'],
] as const)('writes a %s', (type, flag) => {
  const linkName = Buffer.from(type.endsWith('link') ? 't'.repeat(150) : '');
  const numbers = {
    mode: 0o755,
    uid: 1,
    gid: 2,
    sizeBytes: 0,
    mtimeNs: 5n * 10n ** 9n,
    deviceMajor: 8,
    deviceMinor: 17,
  };
  const one: WrittenMember = { type, name: Buffer.from('a/b'), linkName, ...numbers, xattrs: new Map(), sparse: null };
  const [first] = [...new PaxTarReader().feed(Buffer.concat([tarMember(one), tarEnd()]))];
  expect(first).toMatchObject({ kind: 'entry', entry: { ...numbers, type, typeFlag: flag, linkName } });
});
