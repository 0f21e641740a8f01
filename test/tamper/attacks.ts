/** Classes of attacks: what is known of tar, gzip, BagIt, SSHSIG and the records, each at places that a seed chooses. */
import { generateKeyPairSync } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { signSshsig } from '../../src/evidence/sshsig.js';
import {
  entriesOf,
  gzipOf,
  listBag,
  listTags,
  packBag,
  signBag,
  TAR_END,
  tarEntry,
  type Bag,
  type TarEntry,
} from '../fakes/archive-builder.js';
import { copyOf, fileAt, otherArchive, type Shape } from './shapes.js';

/** A number from 0 to `below` - 1. */
export type Choose = (below: number) => number;

export interface Mutation {
  readonly container: Buffer;
  /** The files that differ, where only some do: for the exceptions that the format makes. */
  readonly touched: readonly string[] | null;
}

export interface Attack {
  /** Who can do it. A `holder` has the signing key, and the token's authority answers to him. */
  readonly by: 'anybody' | 'holder';
  readonly group: string;
  readonly what: string;
  /** `null` where the shape has nothing of the kind. */
  readonly make: (shape: Shape, choose: Choose) => Mutation | null;
  /** What a holder makes that says nothing impossible: only the receipt can tell. */
  readonly isConsistent?: true;
}

const whole = (container: Buffer): Mutation => ({ container, touched: null });
const ofTar = (tar: Buffer, touched: readonly string[] | null = null): Mutation => ({
  container: gzipOf(tar),
  touched,
});

function randomBytes(choose: Choose, length: number): Buffer<ArrayBuffer> {
  return Buffer.from(Array.from({ length }, () => choose(256)));
}

function spliced(bytes: Buffer, at: number, { remove = 0, insert = Buffer.alloc(0) as Buffer }): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

function overwritten(bytes: Buffer, choose: Choose, length: number): { readonly bytes: Buffer; readonly at: number } {
  const at = choose(bytes.length - length);
  return { at, bytes: spliced(bytes, at, { remove: length, insert: randomBytes(choose, length) }) };
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

const attack = (group: string, what: string, make: Attack['make']): Attack => ({ by: 'anybody', group, what, make });

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
    const header = Buffer.from([0x1f, 0x8b, 8, flags, 1 + choose(255), choose(256), choose(256), choose(256), 4, 255]);
    return whole(Buffer.concat([header, extra, shape.container.subarray(10)]));
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

const NOTHING = Buffer.alloc(0);

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

/** Changes files of the bag and nothing else. */
function files(change: (bag: Bag, choose: Choose, shape: Shape) => readonly string[] | null): Attack['make'] {
  return (shape, choose) => {
    const bag = copyOf(shape.bag);
    const touched = change(bag, choose, shape);
    return touched === null ? null : ofTar(packBag(bag), touched);
  };
}

function pick(bag: Bag, choose: Choose, fits: (path: string) => boolean): string | null {
  const paths = [...bag.files].filter(([path, bytes]) => fits(path) && bytes.length > 0).map(([path]) => path);
  return paths[choose(paths.length)] ?? null;
}

const isPayload = (path: string): boolean => path.startsWith('data/');
const isTag = (path: string): boolean => !/^(?:data|seal)\//.test(path);

function onOne(
  fits: (path: string) => boolean,
  change: (bytes: Buffer, choose: Choose) => Buffer | null,
): Attack['make'] {
  return files((bag, choose) => {
    const path = pick(bag, choose, fits);
    if (path === null) return null;
    const changed = change(bag.files.get(path) ?? NOTHING, choose);
    if (changed === null) bag.files.delete(path);
    else bag.files.set(path, changed);
    return [path];
  });
}

const anyBit = (bytes: Buffer, choose: Choose): Buffer => flipped(bytes, choose(bytes.length), choose(8));
const lines =
  (change: (list: string[], choose: Choose) => string[]) =>
  (bytes: Buffer, choose: Choose): Buffer =>
    Buffer.from(change(bytes.toString('latin1').split(/(?<=\n)/), choose).join(''), 'latin1');
const isManifest = (path: string): boolean => /^(?:tag)?manifest-sha256\.txt$/.test(path);
const plant = (path: string, bytes: string): Attack['make'] =>
  files((bag) => {
    bag.files.set(path, Buffer.from(bytes, 'latin1'));
    return [path];
  });

const FILES = 'files of the bag';
const MANIFESTS = 'manifests';
const bagFiles: readonly Attack[] = [
  attack(FILES, 'a bit of a payload file', onOne(isPayload, anyBit)),
  attack(
    FILES,
    'a payload file cut off',
    onOne(isPayload, (bytes, choose) => bytes.subarray(0, choose(bytes.length))),
  ),
  attack(
    FILES,
    'a payload file longer',
    onOne(isPayload, (bytes) => Buffer.concat([bytes, Buffer.from('\n')])),
  ),
  attack(
    FILES,
    'a payload file removed',
    onOne(isPayload, () => null),
  ),
  attack(FILES, 'a payload file added', plant('data/zzz', 'planted')),
  attack(
    FILES,
    'a payload file added and listed',
    files((bag) => {
      bag.files.set('data/zzz', Buffer.from('planted'));
      listBag(bag);
      return ['data/zzz'];
    }),
  ),
  attack(
    FILES,
    'a payload file changed and everything listed again',
    files((bag, choose) => {
      const path = pick(bag, choose, isPayload);
      if (path === null) return null;
      bag.files.set(path, anyBit(bag.files.get(path) ?? NOTHING, choose));
      listBag(bag);
      return [path];
    }),
  ),
  attack(
    FILES,
    "two payload files with each other's bytes",
    files((bag, choose) => {
      const [one, other] = [pick(bag, choose, isPayload), pick(bag, choose, isPayload)];
      const [a, b] = [bag.files.get(one ?? ''), bag.files.get(other ?? '')];
      if (one === null || other === null || a === undefined || b === undefined || a.equals(b)) return null;
      bag.files.set(one, b);
      bag.files.set(other, a);
      return [one, other];
    }),
  ),
  attack(FILES, 'a bit of a tag file', onOne(isTag, anyBit)),
  attack(
    FILES,
    'a tag file removed',
    onOne(isTag, () => null),
  ),
  attack(FILES, 'a tag file planted', plant('meta/extra.jsonl', '')),
  attack(FILES, 'fetch.txt planted', plant('fetch.txt', 'http://127.0.0.1:1/x 1 data/x\n')),
  attack(FILES, 'a manifest of a weak hash planted', plant('manifest-md5.txt', '')),
  attack(
    FILES,
    'a line of the custody log removed',
    onOne(
      (path) => path === 'custody/acquisition.jsonl',
      lines((list, choose) => list.toSpliced(choose(list.length), 1)),
    ),
  ),
  attack(
    FILES,
    'the end of the custody log cut off',
    onOne(
      (path) => path === 'custody/acquisition.jsonl',
      lines((list, choose) => list.slice(0, choose(list.length))),
    ),
  ),
  attack(
    FILES,
    'two lines of the custody log swapped',
    onOne(
      (path) => path === 'custody/acquisition.jsonl',
      lines((list, choose) => {
        const at = choose(list.length - 1);
        return list.toSpliced(at, 2, list[at + 1] ?? '', list[at] ?? '');
      }),
    ),
  ),
  attack(MANIFESTS, 'a bit', onOne(isManifest, anyBit)),
  attack(
    MANIFESTS,
    'a line removed',
    onOne(
      isManifest,
      lines((list, choose) => list.toSpliced(choose(list.length), 1)),
    ),
  ),
  attack(
    MANIFESTS,
    'a line twice',
    onOne(
      isManifest,
      lines((list, choose) => list.toSpliced(0, 0, list[choose(list.length)] ?? '')),
    ),
  ),
  attack(
    MANIFESTS,
    'a comment',
    onOne(
      isManifest,
      lines((list) => ['# all good\n', ...list]),
    ),
  ),
  attack(
    MANIFESTS,
    'a byte order mark',
    onOne(isManifest, (bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])),
  ),
  attack(
    MANIFESTS,
    'CRLF',
    onOne(
      isManifest,
      lines((list) => list.map((line) => line.replace('\n', '\r\n'))),
    ),
  ),
  attack(
    MANIFESTS,
    'an escaped line',
    onOne(
      isManifest,
      lines((list, choose) => {
        const at = choose(list.length);
        return list.toSpliced(at, 1, `\\${list[at] ?? ''}`);
      }),
    ),
  ),
  attack(
    MANIFESTS,
    'upper case digits',
    onOne(
      isManifest,
      lines((list) => list.map((line) => line.slice(0, 64).toUpperCase() + line.slice(64))),
    ),
  ),
  attack(
    MANIFESTS,
    'another form of the path',
    onOne(
      isManifest,
      lines((list, choose) => {
        const at = choose(list.length);
        return list.toSpliced(at, 1, (list[at] ?? '').replace(/ {2}/, '  ./'));
      }),
    ),
  ),
  attack(
    MANIFESTS,
    'no line feed at the end',
    onOne(isManifest, (bytes) => bytes.subarray(0, bytes.length - 1)),
  ),
];

const SEAL = 'seal';
const stranger = generateKeyPairSync('ed25519').privateKey;
const SIGNATURE = 'seal/tagmanifest-sha256.txt.sig';
const isSealOf =
  (pattern: RegExp) =>
  (path: string): boolean =>
    pattern.test(path);

function stolen(pattern: RegExp): Attack['make'] {
  return files((bag, _choose, shape) => {
    const names = [...bag.files.keys()].filter((path) => pattern.test(path));
    const other = otherArchive(shape);
    for (const path of names) bag.files.set(path, other.files.get(path) ?? NOTHING);
    return names.length === 0 ? null : names;
  });
}

function dropped(pattern: RegExp): Attack['make'] {
  return files((bag) => {
    const names = [...bag.files.keys()].filter((path) => pattern.test(path));
    for (const path of names) bag.files.delete(path);
    return names.length === 0 ? null : names;
  });
}

const seal: readonly Attack[] = [
  attack(SEAL, 'removed as a whole', dropped(/^seal\//)),
  attack(SEAL, 'a signature removed', dropped(/\.sig$/)),
  attack(SEAL, 'one of two signers removed', (shape, choose) =>
    shape.keys.length < 2
      ? null
      : dropped(choose(2) === 0 ? /\.2\.sig$|signer-2\.pub$/ : /txt\.sig$|signer\.pub$/)(shape, choose),
  ),
  attack(SEAL, 'a bit of a signature', onOne(isSealOf(/\.sig$/), anyBit)),
  attack(SEAL, 'a bit of a public key', onOne(isSealOf(/\.pub$/), anyBit)),
  attack(SEAL, 'a signature of another archive', stolen(/\.sig$/)),
  attack(
    SEAL,
    'signed by a stranger',
    files((bag) => {
      for (const path of [...bag.files.keys()].filter((name) => name.startsWith('seal/'))) bag.files.delete(path);
      signBag(bag, stranger);
      return [SIGNATURE];
    }),
  ),
  attack(
    SEAL,
    'changed, listed and signed by a stranger',
    files((bag, choose) => {
      const path = pick(bag, choose, isPayload);
      if (path === null) return null;
      bag.files.set(path, anyBit(bag.files.get(path) ?? NOTHING, choose));
      for (const name of [...bag.files.keys()].filter((one) => one.startsWith('seal/'))) bag.files.delete(name);
      signBag(listBag(bag), stranger);
      return [path];
    }),
  ),
  attack(
    SEAL,
    'a signature made for another purpose',
    files((bag, _choose, shape) => {
      const [key] = shape.keys;
      if (key === undefined) return null;
      const tagmanifest = bag.files.get('tagmanifest-sha256.txt') ?? NOTHING;
      bag.files.set(SIGNATURE, Buffer.from(signSshsig(key, tagmanifest, 'exhibit-custody@v1')));
      return [SIGNATURE];
    }),
  ),
  attack(SEAL, 'a list of signers planted', plant('seal/allowed_signers', 'anybody ssh-ed25519 AAAA\n')),
  attack(
    SEAL,
    'text after the signature',
    onOne(isSealOf(/\.sig$/), (bytes) => Buffer.concat([bytes, Buffer.from('x')])),
  ),
  attack(SEAL, 'a lone token', plant('seal/seal-2.tsr', 'x')),
];

const TOKEN = 'time token';
const token: readonly Attack[] = [
  attack(TOKEN, 'a bit of the token', onOne(isSealOf(/\.tsr$/), anyBit)),
  attack(TOKEN, 'a bit of the request', onOne(isSealOf(/\.tsq$/), anyBit)),
  attack(TOKEN, 'a bit of the certificates', onOne(isSealOf(/\.pem$/), anyBit)),
  attack(TOKEN, 'of another archive', stolen(/\.ts[qr]$|\.pem$/)),
  attack(TOKEN, 'removed', dropped(/\.ts[qr]$|\.pem$/)),
  attack(
    TOKEN,
    'half of it removed',
    onOne(isSealOf(/\.ts[qr]$/), () => null),
  ),
];

/** Whoever holds the key changes the records, lists and signs again. */
function forged(what: string, change: (bag: Bag, choose: Choose) => boolean): Attack {
  return {
    by: 'holder',
    group: 'records, by a holder of the key',
    what,
    make: (shape, choose) => {
      const bag = copyOf(shape.bag);
      if (!change(bag, choose)) return null;
      return ofTar(packBag(shape.sealAgain(listBag(bag))));
    },
  };
}

function edited(path: string, change: (text: string, choose: Choose) => string): (bag: Bag, choose: Choose) => boolean {
  return (bag, choose) => {
    const before = bag.files.get(path)?.toString('latin1') ?? '';
    const after = change(before, choose);
    bag.files.set(path, Buffer.from(after, 'latin1'));
    return after !== before;
  };
}

const LOG = 'custody/acquisition.jsonl';
const STATEMENT = 'meta/exhibit.json';
const oneLine =
  (change: (line: string) => string) =>
  (text: string, choose: Choose): string => {
    const list = text.split(/(?<=\n)/);
    const at = choose(list.length);
    return list.toSpliced(at, 1, change(list[at] ?? '')).join('');
  };
const number =
  (name: string) =>
  (text: string, choose: Choose): string =>
    text.replace(
      new RegExp(`"${name}":(\\d+)`),
      (_all, digits: string) => `"${name}":${String(Number(digits) + 1 + choose(9))}`,
    );

const holder: readonly Attack[] = [
  forged(
    'the end of the custody log cut off',
    edited(LOG, (text, choose) => {
      const list = text.split(/(?<=\n)/);
      return list.slice(0, choose(list.length)).join('');
    }),
  ),
  forged(
    'a line of the custody log removed',
    edited(
      LOG,
      oneLine(() => ''),
    ),
  ),
  forged(
    'a line of the custody log twice',
    edited(
      LOG,
      oneLine((line) => line + line),
    ),
  ),
  forged(
    'a line of the custody log changed',
    edited(
      LOG,
      oneLine((line) => line.replace('tester', 'another')),
    ),
  ),
  ...['payloadFiles', 'payloadBytes', 'custodyEntries', 'sequence', 'collected'].map((name) =>
    forged(`another ${name} in the statement`, edited(STATEMENT, number(name))),
  ),
  forged(
    'another kind in the statement',
    edited(STATEMENT, (text) => text.replace('"kind":"drill"', '"kind":"incident"')),
  ),
  forged(
    'a key twice in a record',
    edited(STATEMENT, (text) => text.replace('"kind":', '"kind":"incident","kind":')),
  ),
  forged(
    'an integer of 2^53 and more',
    edited(STATEMENT, (text) => text.replace(/"payloadBytes":\d+/, '"payloadBytes":9007199254740993')),
  ),
  forged(
    'a number with a fraction',
    edited('meta/items.jsonl', (text) => text.replace(/"sizeBytes":(\d+)/, '"sizeBytes":$1.0')),
  ),
  forged(
    'an item removed',
    edited(
      'meta/items.jsonl',
      oneLine(() => ''),
    ),
  ),
  forged(
    'another digest of an item',
    edited('meta/items.jsonl', (text) =>
      text.replace(/"sha256":"./, (start) => start.slice(0, -1) + (start.endsWith('0') ? '1' : '0')),
    ),
  ),
  forged(
    'a gap turned into nothing',
    edited('meta/outcomes.jsonl', (text) => text.replace('"outcome":"denied"', '"outcome":"collected"')),
  ),
  forged(
    'an outcome removed',
    edited(
      'meta/outcomes.jsonl',
      oneLine(() => ''),
    ),
  ),
  forged(
    'a planned artifact removed',
    edited(
      'meta/plan.jsonl',
      oneLine(() => ''),
    ),
  ),
  forged(
    'records out of order',
    edited('meta/items.jsonl', (text) =>
      text
        .split(/(?<=\n)/)
        .reverse()
        .join(''),
    ),
  ),
  forged('a payload file that no record names', (bag) => {
    bag.files.set('data/zzz', Buffer.from('planted'));
    return true;
  }),
  {
    by: 'holder',
    group: 'forged anew',
    what: 'another archive under the same number, in itself without a fault',
    isConsistent: true,
    make: (shape) => ofTar(packBag(otherArchive(shape))),
  },
  {
    by: 'holder',
    group: 'forged anew',
    what: 'the same archive signed once more, by another trusted hand of the same holder',
    isConsistent: true,
    make: (shape, choose) => {
      const bag = copyOf(shape.bag);
      const before = bag.files.get('meta/tool/config.yaml')?.toString() ?? '';
      bag.files.set('meta/tool/config.yaml', Buffer.from(`${before}# ${String(choose(1_000_000))}\n`));
      return ofTar(packBag(shape.sealAgain(listTags(bag))));
    },
  },
];

export const ATTACKS: readonly Attack[] = [...container, ...tar, ...bagFiles, ...seal, ...token, ...holder];

/** Other ways to write the very same tar, which the format allows: without the receipt no alarm may be given. */
export function otherEncodings({ tar: bytes }: Shape): readonly Buffer[] {
  return [0, 1, 6, 9].map((level) => {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(bytes), 0);
    trailer.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([Buffer.from('1f8b08000000000004ff', 'hex'), deflateRawSync(bytes, { level }), trailer]);
  });
}
