/** What somebody without the key can do to the files of a bag, to its manifests, its seal and its token. */
import { generateKeyPairSync } from 'node:crypto';
import { signerFiles, tokenFiles } from '../../src/evidence/bag-layout.js';
import { signSshsig } from '../../src/evidence/sshsig.js';
import { listBag, packBag, signBag, type Bag } from '../fakes/archive-builder.js';
import { inHalf } from '../fakes/other-half.js';
import { stampBag } from '../fakes/stamp-bag.js';
import { makeTsa } from '../fakes/token-maker.js';
import { attack, flipped, NOTHING, ofTar, type Attack, type Choose } from './attack.js';
import { copyOf, otherArchive, type Shape } from './shapes.js';

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
    "a stranger's signature added as number 2",
    files((bag, _choose, shape) => {
      if (shape.keys.length > 1) return null;
      signBag(bag, stranger, 2);
      return ['seal/tagmanifest-sha256.txt.2.sig', 'seal/signer-2.pub'];
    }),
  ),
  attack(
    SEAL,
    'the other of the two numbers that make an ECDSA signature good',
    files((bag, _choose, shape) => {
      const number = shape.keys.findIndex((key) => key.asymmetricKeyType === 'ec') + 1;
      if (number === 0) return null;
      const [path] = signerFiles(number);
      bag.files.set(path, Buffer.from(inHalf(bag.files.get(path)?.toString('latin1') ?? '', 'high')));
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
const foreign = makeTsa();
const tokensIn = (bag: Bag): number => [...bag.files.keys()].filter((path) => path.endsWith('.tsr')).length;

function withForeign(bag: Bag): readonly string[] {
  const number = tokensIn(bag) + 1;
  stampBag(bag, foreign, { number });
  return tokenFiles(number);
}

/** The second one, or the first one so that the second takes its number. */
function withoutOneOfTwo(bag: Bag, choose: Choose): readonly string[] | null {
  if (tokensIn(bag) < 2) return null;
  const [first, second] = [tokenFiles(1), tokenFiles(2)];
  const isFirst = choose(2) === 0;
  for (const [index, path] of second.entries()) {
    if (isFirst) bag.files.set(first[index] ?? '', bag.files.get(path) ?? NOTHING);
    bag.files.delete(path);
  }
  return isFirst ? [...first, ...second] : second;
}

const token: readonly Attack[] = [
  attack(TOKEN, 'a bit of the token', onOne(isSealOf(/\.tsr$/), anyBit)),
  attack(TOKEN, 'a bit of the request', onOne(isSealOf(/\.tsq$/), anyBit)),
  attack(TOKEN, 'a bit of the certificates', onOne(isSealOf(/\.pem$/), anyBit)),
  attack(TOKEN, 'of another archive', stolen(/\.ts[qr]$|\.pem$/)),
  { ...attack(TOKEN, 'removed, with every other', dropped(/\.ts[qr]$|\.pem$/)), tokens: 'told-by-roots' },
  { ...attack(TOKEN, 'one of two removed', files(withoutOneOfTwo)), tokens: 'untold' },
  {
    ...attack(
      TOKEN,
      "a foreign authority's added after the last",
      files((bag) => (tokensIn(bag) === 0 ? null : withForeign(bag))),
    ),
    tokens: 'untold',
  },
  {
    ...attack(
      TOKEN,
      "a foreign authority's put where there is none",
      files((bag) => (tokensIn(bag) === 0 ? withForeign(bag) : null)),
    ),
    tokens: 'untold',
  },
  attack(
    TOKEN,
    'half of it removed',
    onOne(isSealOf(/\.ts[qr]$/), () => null),
  ),
];

export const FILE_ATTACKS: readonly Attack[] = [...bagFiles, ...seal, ...token];
