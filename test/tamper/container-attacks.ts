/** What can be done to a container and to a tar without looking at what is inside. */
import { entriesOf, gzipOf, packBag, TAR_END, tarEntry, type TarEntry } from '../fakes/archive-builder.js';
import {
  attack,
  flipped,
  NOTHING,
  ofTar,
  overwritten,
  randomBytes,
  spliced,
  whole,
  type Attack,
  type Choose,
  type Mutation,
} from './attack.js';
import { fileAt, otherArchive, type Shape } from './shapes.js';

const CONTAINER = 'gzip container';
const container: readonly Attack[] = [
  attack(CONTAINER, 'one bit', (shape, choose) =>
    whole(flipped(shape.container, choose(shape.container.length), choose(8))),
  ),
  attack(CONTAINER, 'a run of bytes', (shape, choose) =>
    whole(overwritten(shape.container, choose, 1 + choose(64)).bytes),
  ),
  attack(CONTAINER, 'cut off at any byte', (shape, choose) =>
    whole(shape.container.subarray(0, choose(shape.container.length))),
  ),
  attack(CONTAINER, 'a byte removed', (shape, choose) =>
    whole(spliced(shape.container, choose(shape.container.length), { remove: 1 })),
  ),
  attack(CONTAINER, 'a byte put in', (shape, choose) =>
    whole(spliced(shape.container, choose(shape.container.length), { insert: randomBytes(choose, 1) })),
  ),
  attack(CONTAINER, 'bytes after the end', (shape, choose) =>
    whole(Buffer.concat([shape.container, randomBytes(choose, 1 + choose(2000))])),
  ),
  attack(CONTAINER, 'zeros after the end', (shape, choose) =>
    whole(Buffer.concat([shape.container, Buffer.alloc(1 + choose(2000))])),
  ),
  attack(CONTAINER, 'a second gzip member', (shape, choose) =>
    whole(Buffer.concat([shape.container, gzipOf(choose(2) === 0 ? packBag(otherArchive(shape)) : Buffer.alloc(0))])),
  ),
  attack(CONTAINER, 'a name or a time in the gzip header', (shape, choose) => {
    const [flags, extra] = choose(2) === 0 ? [8, Buffer.from('name\0')] : [0, Buffer.alloc(0)];
    const begin = Buffer.from([0x1f, 0x8b, 8, flags, 1 + choose(255), choose(256), choose(256), choose(256), 4, 255]);
    return whole(Buffer.concat([begin, extra, shape.container.subarray(10)]));
  }),
  attack(CONTAINER, 'another checksum or length in the trailer', (shape, choose) =>
    whole(flipped(shape.container, shape.container.length - 8 + choose(8), choose(8))),
  ),
];

const TAR = 'tar';
const blocksOf = (shape: Shape): Buffer[] =>
  entriesOf(shape.bag).map((entry) => tarEntry(entry, shape.bag.mtimeSeconds));
const joined = (blocks: readonly Buffer[]): Mutation => ofTar(Buffer.concat([...blocks, TAR_END]));

/** A header with some fields changed and its checksum made to fit. */
function header(shape: Shape, entry: TarEntry, fields: Readonly<Record<number, string>>): Buffer {
  const block = tarEntry({ ...entry, path: `${shape.bag.root}/x` }, shape.bag.mtimeSeconds);
  block.fill(0, 0, 100).write(entry.path, 0, 100, 'latin1');
  for (const [offset, text] of Object.entries(fields)) block.write(text, Number(offset), 'latin1');
  block.write('        ', 148, 'latin1');
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Puts a block anywhere between two files. */
function planted(make: (shape: Shape, choose: Choose) => Buffer): Attack['make'] {
  return (shape, choose) => {
    const blocks = blocksOf(shape);
    blocks.splice(1 + choose(blocks.length), 0, make(shape, choose));
    return joined(blocks);
  };
}

function linkTo(type: string, target: string): Attack['make'] {
  return planted((shape) =>
    header(shape, { path: `${shape.bag.root}/data/link`, bytes: NOTHING }, { 156: type, 157: target }),
  );
}

function named(path: (shape: Shape) => string): Attack['make'] {
  return planted((shape) => header(shape, { path: path(shape), bytes: Buffer.from('planted') }, {}));
}

/** One header of the archive with other fields; name and size stay. */
function reheaded(fields: Readonly<Record<number, string>>): Attack['make'] {
  return (shape, choose) => {
    const entries = entriesOf(shape.bag).filter(({ path }) => path.length <= 99);
    const entry = entries[choose(entries.length)];
    if (entry === undefined) return null;
    const blocks = entriesOf(shape.bag).map((other) =>
      other.path === entry.path ? header(shape, entry, fields) : tarEntry(other, shape.bag.mtimeSeconds),
    );
    return joined(blocks);
  };
}

const tar: readonly Attack[] = [
  attack(TAR, 'one bit', (shape, choose) => {
    const at = choose(shape.tar.length);
    return ofTar(flipped(shape.tar, at, choose(8)), [fileAt(shape, at)]);
  }),
  attack(TAR, 'a run of bytes', (shape, choose) => {
    const { bytes, at } = overwritten(shape.tar, choose, 1 + choose(600));
    return ofTar(bytes, [fileAt(shape, at)]);
  }),
  attack(TAR, 'cut off at a block', (shape, choose) =>
    ofTar(shape.tar.subarray(0, 512 * choose(shape.tar.length / 512))),
  ),
  attack(TAR, 'cut off between two files, with a proper end', (shape, choose) => {
    const blocks = blocksOf(shape);
    return joined(blocks.slice(0, choose(blocks.length)));
  }),
  attack(TAR, 'cut off at any byte', (shape, choose) => ofTar(shape.tar.subarray(0, choose(shape.tar.length)))),
  attack(TAR, 'a block removed', (shape, choose) =>
    ofTar(spliced(shape.tar, 512 * choose(shape.tar.length / 512), { remove: 512 })),
  ),
  attack(TAR, 'a block put in', (shape, choose) =>
    ofTar(spliced(shape.tar, 512 * choose(shape.tar.length / 512), { insert: randomBytes(choose, 512) })),
  ),
  attack(TAR, 'a second tar after the end', (shape) => ofTar(Buffer.concat([shape.tar, packBag(otherArchive(shape))]))),
  attack(TAR, 'bytes after the end', (shape, choose) =>
    ofTar(Buffer.concat([shape.tar, randomBytes(choose, 512 * (1 + choose(4)))])),
  ),
  attack(TAR, 'more zero blocks at the end', (shape, choose) =>
    ofTar(Buffer.concat([shape.tar, Buffer.alloc(512 * (1 + choose(18)))])),
  ),
  attack(TAR, 'a file twice', (shape, choose) => {
    const blocks = blocksOf(shape);
    blocks.splice(choose(blocks.length), 0, blocks[choose(blocks.length)] ?? NOTHING);
    return joined(blocks);
  }),
  attack(TAR, 'a file twice, the second time with other bytes', (shape, choose) => {
    const entries = entriesOf(shape.bag);
    const { path } = entries[choose(entries.length)] ?? { path: '' };
    return joined([...blocksOf(shape), header(shape, { path, bytes: Buffer.from('other bytes') }, {})]);
  }),
  attack(TAR, 'two files in the place of each other', (shape, choose) => {
    const blocks = blocksOf(shape);
    const at = choose(blocks.length - 1);
    const [one, other] = [blocks[at] ?? NOTHING, blocks[at + 1] ?? NOTHING];
    blocks.splice(at, 2, other, one);
    return joined(blocks);
  }),
  attack(TAR, 'bytes in the padding', (shape, choose) => {
    const entries = entriesOf(shape.bag).filter(({ bytes }) => bytes.length % 512 > 0);
    const chosen = entries[choose(entries.length)]?.path;
    const blocks = entriesOf(shape.bag).map((entry) => {
      const block = tarEntry(entry, shape.bag.mtimeSeconds);
      if (entry.path === chosen) block[block.length - 1] = 1 + choose(255);
      return block;
    });
    return joined(blocks);
  }),
  attack(
    TAR,
    'a pax header with another name or size',
    planted((shape, choose) => {
      const record = choose(2) === 0 ? '30 path=case-abcd-x0001/data/x\n' : '10 size=0\n';
      return header(shape, { path: `${shape.bag.root}/paxheader`, bytes: Buffer.from(record) }, { 156: 'x' });
    }),
  ),
  attack(
    TAR,
    'a global pax header',
    planted((shape) =>
      header(shape, { path: 'pax_global_header', bytes: Buffer.from('14 mtime=1.5\n') }, { 156: 'g' }),
    ),
  ),
  attack(
    TAR,
    'a long name of GNU tar',
    planted((shape) => header(shape, { path: '././@LongLink', bytes: Buffer.from('x\0') }, { 156: 'L' })),
  ),
  attack(TAR, 'a symbolic link', linkTo('2', '/etc/passwd')),
  attack(TAR, 'a hard link', linkTo('1', 'bagit.txt')),
  attack(TAR, 'a directory', linkTo('5', '')),
  attack(TAR, 'a device', linkTo('3', '')),
  attack(TAR, 'a FIFO', linkTo('6', '')),
  attack(TAR, 'a sparse file', linkTo('S', '')),
  attack(
    TAR,
    'a path that goes up',
    named((shape) => `${shape.bag.root}/../planted`),
  ),
  attack(
    TAR,
    'an absolute path',
    named(() => '/tmp/planted'),
  ),
  attack(
    TAR,
    'a drive letter',
    named(() => 'C:/planted'),
  ),
  attack(
    TAR,
    'a second folder',
    named(() => 'another/planted'),
  ),
  attack(
    TAR,
    'a name in another case',
    named((shape) => `${shape.bag.root}/BAGIT.TXT`),
  ),
  attack(
    TAR,
    'a name in another Unicode form',
    named((shape) => `${shape.bag.root}/data/cafe\u0301`),
  ),
  attack(TAR, 'another mode', reheaded({ 100: '0000755' })),
  attack(TAR, 'another owner', reheaded({ 108: '0001750' })),
  attack(TAR, 'another time', reheaded({ 136: '00000000001' })),
  attack(TAR, 'an owner name', reheaded({ 265: 'root' })),
];

export const CONTAINER_ATTACKS: readonly Attack[] = [...container, ...tar];
