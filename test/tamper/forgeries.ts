/** What somebody with the key can do: records that say what cannot be, and archives in which nothing is wrong. */
import { listBag, listTags, packBag, type Bag } from '../fakes/archive-builder.js';
import { IMPOSSIBLE } from '../fakes/impossible-archives.js';
import { ofTar, type Attack, type Choose } from './attack.js';
import { copyOf, otherArchive } from './shapes.js';

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

export const FORGERIES: readonly Attack[] = [
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
    group: 'records, by a holder of the key',
    what: `any of ${String(IMPOSSIBLE.length)} archives that say what cannot be`,
    make: ({ name, sealAgain }, choose) => {
      const impossible = IMPOSSIBLE[choose(IMPOSSIBLE.length)];
      return name !== 'small' || impossible === undefined
        ? null
        : ofTar(packBag(sealAgain(listBag(impossible.make()))));
    },
  },
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
    what: 'the same archive with another configuration, listed and signed once more',
    isConsistent: true,
    make: (shape, choose) => {
      const bag = copyOf(shape.bag);
      const before = bag.files.get('meta/tool/config.yaml')?.toString() ?? '';
      bag.files.set('meta/tool/config.yaml', Buffer.from(`${before}# ${String(choose(1_000_000))}\n`));
      return ofTar(packBag(shape.sealAgain(listTags(bag))));
    },
  },
];
