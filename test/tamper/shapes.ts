import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Receipt, Statement } from '../../src/model/exhibit.js';
import {
  allowedSignersOf,
  entriesOf,
  gzipOf,
  jsonLines,
  listBag,
  makeBag,
  packBag,
  receiptOf,
  SAMPLE_PAYLOAD,
  sha256,
  signBag,
  type Bag,
  type BagSpec,
  type PayloadSpec,
} from '../fakes/archive-builder.js';
import { stampBag } from '../fakes/stamp-bag.js';
import { editRecords } from '../fakes/tamper.js';
import { makeTsa } from '../fakes/token-maker.js';

/** Of the parts of the archive with a split file; in a real one 2^32. */
const PART_BYTES = 4096;

/** A good archive, of which copies are changed. */
export interface Shape {
  readonly name: string;
  /** Whoever holds these can sign anything. */
  readonly keys: readonly KeyObject[];
  readonly bag: Bag;
  readonly tar: Buffer;
  readonly container: Buffer;
  readonly receipt: Receipt;
  readonly allowedSigners: string;
  /** PEM of the roots of the tokens' authorities; `null` = it has no token. */
  readonly tsaRoot: string | null;
  readonly partBytes: number | null;
  /** Signs and stamps what a bag holds now, as its seal would. */
  readonly sealAgain: (bag: Bag) => Bag;
}

export function copyOf(bag: Bag): Bag {
  return { ...bag, files: new Map(bag.files) };
}

interface Making {
  readonly name: string;
  readonly spec: BagSpec;
  /** Of the further signers. */
  readonly further?: readonly ('ed25519' | 'P-256')[];
  /** Each of another authority. */
  readonly tokens?: number;
  readonly partBytes?: number;
  readonly change?: (bag: Bag) => void;
}

const newKey = (kind: 'ed25519' | 'P-256'): KeyObject =>
  kind === 'ed25519'
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ec', { namedCurve: kind }).privateKey;

export function shapeOf({ name, spec, further = [], tokens = 0, partBytes, change }: Making): Shape {
  const first = newKey('ed25519');
  const keys = [first, ...further.map(newKey)];
  const authorities = Array.from({ length: tokens }, () => makeTsa());
  const sealAgain = (bag: Bag): Bag => {
    for (const [index, key] of keys.entries()) signBag(bag, key, index + 1);
    for (const [index, tsa] of authorities.entries()) stampBag(bag, tsa, { number: index + 1 });
    return bag;
  };
  const made = makeBag({ ...spec, guideFor: keys });
  change?.(made);
  const bag = sealAgain(listBag(made));
  const tar = packBag(bag);
  const container = gzipOf(tar);
  return {
    name,
    keys,
    bag,
    tar,
    container,
    receipt: receiptOf(bag, container, first),
    allowedSigners: keys.map(allowedSignersOf).join(''),
    tsaRoot: tokens === 0 ? null : authorities.map(({ root }) => root.pem).join(''),
    partBytes: partBytes ?? null,
    sealAgain,
  };
}

const many = (items: number): readonly PayloadSpec[] =>
  Array.from({ length: items }, (_none, index) => ({
    path: `data/pods/shop/web-${String(index % 97)}.4f3a9c21/app/f-${String(index)}.log`,
    bytes: Buffer.from(`line ${String(index)}\n`.repeat(index % 7)),
    artifact: `log/${String(index % 97)}`,
  }));

function parts(): readonly PayloadSpec[] {
  const whole = Buffer.alloc(2 * PART_BYTES + 100, 'a line of a long log\n');
  return [0, 1, 2].map((index) => ({
    path: `data/audit/big.log.p000${String(index + 1)}`,
    bytes: whole.subarray(index * PART_BYTES, (index + 1) * PART_BYTES),
    artifact: 'log/big',
    part: { n: index + 1, of: 3, wholeSha256: sha256(whole), wholeSizeBytes: whole.length },
  }));
}

const LEDGER = 'data/derived/redactions.jsonl';
const ledger = [
  { path: 'data/a', kind: 'masked', offset: 3, lengthBytes: 4, rules: ['rule'], saltedSha256: sha256('salt') },
];

/** Every shape that the product seals. `items` is for the large one. */
export function shapes(items: number): readonly Shape[] {
  return [
    shapeOf({ name: 'small', spec: {} }),
    shapeOf({
      name: 'nothing collected',
      spec: {
        payload: [
          {
            path: 'data/derived/nothing-collected.txt',
            bytes: Buffer.from('Nothing was collected.\n'),
            artifact: 'exhibit/nothing-collected',
          },
        ],
        outcomes: [{ artifact: 'exhibit/nothing-collected', outcome: 'failed', required: true }],
      },
    }),
    shapeOf({
      name: 'partial',
      spec: {
        outcomes: [
          { artifact: 'log/denied', outcome: 'denied', required: true },
          { artifact: 'log/none', outcome: 'absent', required: true },
        ],
      },
    }),
    shapeOf({ name: 'split payload', spec: { payload: parts() }, partBytes: PART_BYTES }),
    shapeOf({
      name: 'two signers',
      spec: { statement: { policy: { requireTimestamp: false, requireSigners: 2 } } },
      further: ['ed25519'],
    }),
    shapeOf({
      name: 'two signers, the second with P-256',
      spec: { statement: { policy: { requireTimestamp: false, requireSigners: 2 } } },
      further: ['P-256'],
    }),
    shapeOf({ name: 'time-stamped', spec: {}, tokens: 1 }),
    shapeOf({ name: 'time-stamped twice', spec: {}, tokens: 2 }),
    shapeOf({
      name: 'redacted copy',
      spec: {
        payload: [
          { path: 'data/a', bytes: Buffer.from('pw=[redacted]\n'), artifact: 'x' },
          { path: LEDGER, bytes: jsonLines(ledger), artifact: 'x' },
        ],
        statement: {
          derivedFrom: {
            exhibitId: 'case-abcd-x0009',
            tagmanifestSha256: sha256('t'),
            containerSha256: sha256('c'),
            redactions: 1,
          },
        },
      },
      change: (bag) => {
        editRecords(bag, 'meta/items.jsonl', (list) =>
          list.map((record) => (record['path'] === LEDGER ? { ...record, derivedFrom: ['data/a'] } : record)),
        );
      },
    }),
    itemsShape(items),
  ];
}

export function itemsShape(items: number): Shape {
  return shapeOf({ name: `${String(items)} items`, spec: { payload: many(items) } });
}

/** Another good archive of the same signers and policy: where stolen parts come from. */
export function otherArchive(shape: Shape): Bag {
  const payload = SAMPLE_PAYLOAD.map((spec) => ({ ...spec, bytes: Buffer.concat([spec.bytes, Buffer.from('other')]) }));
  const { policy } = JSON.parse(shape.bag.files.get('meta/exhibit.json')?.toString() ?? '') as Pick<
    Statement,
    'policy'
  >;
  return shape.sealAgain(listBag(makeBag({ payload, guideFor: shape.keys, statement: { policy } })));
}

/** In which file of a tar a byte lies. */
export function fileAt({ bag }: Shape, offset: number): string {
  let at = 0;
  for (const { path, bytes } of entriesOf(bag)) {
    at += 512 + Math.ceil(bytes.length / 512) * 512;
    if (offset < at) return path.slice(bag.root.length + 1);
  }
  return 'the end';
}
