import { describe, expect, it } from 'vitest';
import {
  jsonLines,
  listBag,
  listTags,
  makeBag,
  packBag,
  sha256,
  signBag,
} from '../../../test/fakes/archive-builder.js';
import { IMPOSSIBLE, POSSIBLE } from '../../../test/fakes/impossible-archives.js';
import { edit, editRecords, judge, trustedKey, type Change } from '../../../test/fakes/tamper.js';
import type { CheckName } from '../../model/verdict.js';

/** Somebody with the key, or a bug of ours, makes an archive that is consistent by its hashes and says something impossible. */
const withKey: [string, CheckName, Change][] = [
  [
    'a custody line removed',
    'chain',
    (bag) => {
      edit(bag, 'custody/acquisition.jsonl', (text) => text.replace(/\n.*\n/, '\n'));
    },
  ],
  [
    'the custody log cut',
    'chain',
    (bag) => {
      edit(bag, 'custody/acquisition.jsonl', (text) => text.replace(/[^\n]*\n$/, ''));
    },
  ],
  [
    'the custody log empty',
    'chain',
    (bag) => {
      bag.files.set('custody/acquisition.jsonl', Buffer.alloc(0));
    },
  ],
  [
    'a custody line changed',
    'chain',
    (bag) => {
      edit(bag, 'custody/acquisition.jsonl', (text) => text.replace('tester', 'nobody'));
    },
  ],
  [
    'the last custody line changed',
    'chain',
    (bag) => {
      edit(bag, 'custody/acquisition.jsonl', (text) => text.replace(/tester(?=[^\n]*\n$)/, 'nobody'));
    },
  ],
  [
    'an unknown custody event',
    'grammar',
    (bag) => {
      edit(bag, 'custody/acquisition.jsonl', (text) => text.replace('"item"', '"magic"'));
    },
  ],
  [
    'payloadFiles wrong',
    'counts',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('"payloadFiles":3', '"payloadFiles":4'));
    },
  ],
  [
    'payloadBytes wrong',
    'counts',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace(/"payloadBytes":\d+/, '"payloadBytes":1'));
    },
  ],
  [
    'outcomeCounts wrong',
    'counts',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('"denied":0', '"denied":1'));
    },
  ],
  [
    'custodyEntries wrong',
    'chain',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace(/"custodyEntries":\d+/, '"custodyEntries":1'));
    },
  ],
  [
    'completeness wrong',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('"completeness":"complete"', '"completeness":"partial"'));
    },
  ],
  [
    'another exhibit id',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('case-abcd-x0001', 'case-abcd-x0002'));
    },
  ],
  [
    'another sequence',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('"sequence":1', '"sequence":2'));
    },
  ],
  [
    'another time',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('03:04:05.678Z', '03:04:06.678Z'));
    },
  ],
  [
    'a time that is spelled otherwise',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('03:04:05.678Z', '03:04:05.6780Z'));
    },
  ],
  [
    'a field too many',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('"holdId"', '"extra":1,"holdId"'));
    },
  ],
  [
    'another format',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('exhibit/1', 'exhibit/2'));
    },
  ],
  [
    'spaces in the statement',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace(':', ': '));
    },
  ],
  [
    'a duplicate key in the statement',
    'statement',
    (bag) => {
      edit(bag, 'meta/exhibit.json', (text) => text.replace('"kind":"drill"', '"kind":"incident","kind":"drill"'));
    },
  ],
  [
    'bagit.txt of another version',
    'grammar',
    (bag) => {
      edit(bag, 'bagit.txt', (text) => text.replace('1.0', '0.97'));
    },
  ],
  [
    'a BOM in bagit.txt',
    'grammar',
    (bag) => {
      edit(bag, 'bagit.txt', (text) => `\xef\xbb\xbf${text}`);
    },
  ],
  [
    'another Payload-Oxum',
    'counts',
    (bag) => {
      edit(bag, 'bag-info.txt', (text) => text.replace(/Oxum: \d+/, 'Oxum: 1'));
    },
  ],
  [
    'a line too many in bag-info.txt',
    'counts',
    (bag) => {
      edit(bag, 'bag-info.txt', (text) => `${text}Note: x\n`);
    },
  ],
  [
    'an items line removed',
    'closure',
    (bag) => {
      editRecords(bag, 'meta/items.jsonl', (records) => records.slice(1));
    },
  ],
  [
    'an items line of no file',
    'closure',
    (bag) => {
      editRecords(bag, 'meta/items.jsonl', (records) => [...records, { ...records[0], path: 'data/zzz' }]);
    },
  ],
  [
    'the items reordered',
    'grammar',
    (bag) => {
      editRecords(bag, 'meta/items.jsonl', (records) => records.reverse());
    },
  ],
  [
    'an items line doubled',
    'grammar',
    (bag) => {
      editRecords(bag, 'meta/items.jsonl', ([first = {}, ...rest]) => [first, first, ...rest]);
    },
  ],
  [
    'another hash in items',
    'hashes',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${sha256('x')}"`));
    },
  ],
  [
    'another hash of the second reading',
    'hashes',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) =>
        text.replace(/"rereadSha256":"[0-9a-f]{64}"/, `"rereadSha256":"${sha256('x')}"`),
      );
    },
  ],
  [
    'another size in items',
    'counts',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace(/"sizeBytes":\d+/, '"sizeBytes":99'));
    },
  ],
  [
    'an item of no planned artifact',
    'closure',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace('list/core.v1.pods', 'list/unplanned'));
    },
  ],
  [
    'a part that is none',
    'grammar',
    (bag) => {
      editRecords(bag, 'meta/items.jsonl', ([first = {}, ...rest]) => [
        { ...first, part: { n: 1, of: 2, wholeSha256: sha256('x'), wholeSizeBytes: 1 } },
        ...rest,
      ]);
    },
  ],
  [
    'a float in items',
    'grammar',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace(/"sizeBytes":(\d+)/, '"sizeBytes":$1.0'));
    },
  ],
  [
    'spaces in items',
    'grammar',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace(',', ', '));
    },
  ],
  [
    'a duplicate key in items',
    'grammar',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace('"path":', '"path":"data/other","path":'));
    },
  ],
  [
    'UTF-8 in items',
    'grammar',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.replace('"kubelet"', '"kubel\xc3\xa9t"'));
    },
  ],
  [
    'items without the last LF',
    'grammar',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => text.trimEnd());
    },
  ],
  [
    'an empty line in items',
    'grammar',
    (bag) => {
      edit(bag, 'meta/items.jsonl', (text) => `\n${text}`);
    },
  ],
  [
    'an endless line in requests',
    'grammar',
    (bag) => {
      bag.files.set('meta/requests.jsonl', Buffer.alloc(3_000_000, '['));
    },
  ],
  [
    'an outcome removed',
    'closure',
    (bag) => {
      editRecords(bag, 'meta/outcomes.jsonl', (records) => records.slice(1));
    },
  ],
  [
    'a plan line removed',
    'closure',
    (bag) => {
      editRecords(bag, 'meta/plan.jsonl', (records) => records.slice(1));
    },
  ],
  [
    'the plan empty',
    'closure',
    (bag) => {
      bag.files.set('meta/plan.jsonl', Buffer.alloc(0));
    },
  ],
  [
    'plan and outcome differ in required',
    'closure',
    (bag) => {
      edit(bag, 'meta/plan.jsonl', (text) => text.replace('true', 'false'));
    },
  ],
  [
    'plan and outcome differ in the collector',
    'closure',
    (bag) => {
      edit(bag, 'meta/plan.jsonl', (text) => text.replace('"sample"', '"other"'));
    },
  ],
  [
    'the outcomes reordered',
    'grammar',
    (bag) => {
      editRecords(bag, 'meta/outcomes.jsonl', (records) => records.reverse());
    },
  ],
  [
    'an outcome doubled',
    'grammar',
    (bag) => {
      editRecords(bag, 'meta/outcomes.jsonl', ([first = {}, ...rest]) => [first, first, ...rest]);
    },
  ],
  [
    'an unknown outcome',
    'grammar',
    (bag) => {
      edit(bag, 'meta/outcomes.jsonl', (text) => text.replace('"collected"', '"fine"'));
    },
  ],
  [
    'a collected artifact without an item',
    'closure',
    (bag) => {
      const more = (records: Record<string, unknown>[]): Record<string, unknown>[] => [
        ...records,
        { ...records[0], artifact: 'zzz' },
      ];
      editRecords(bag, 'meta/plan.jsonl', more);
      editRecords(bag, 'meta/outcomes.jsonl', more);
    },
  ],
  [
    'a control character in an artifact',
    'grammar',
    (bag) => {
      for (const file of ['plan', 'outcomes', 'items'])
        edit(bag, `meta/${file}.jsonl`, (text) => text.replaceAll('list/core.v1.pods', 'list/\\u001b[2J'));
    },
  ],
  [
    'a request without its status',
    'grammar',
    (bag) => {
      bag.files.set('meta/requests.jsonl', jsonLines([{ seq: 1 }]));
    },
  ],
  [
    'a clock record of another shape',
    'grammar',
    (bag) => {
      bag.files.set('meta/clock.jsonl', jsonLines([{ source: 'ntp' }]));
    },
  ],
  [
    'a list instead of an action',
    'grammar',
    (bag) => {
      bag.files.set('meta/actions.jsonl', jsonLines([[1]]));
    },
  ],
  [
    'something outside that is no snapshot',
    'grammar',
    (bag) => {
      bag.files.set('meta/external.jsonl', jsonLines([{ kind: 'hearsay', observedAt: '2026-01-02T03:04:05.678Z' }]));
    },
  ],
];

describe('impossible archives that need more than one change', () => {
  it('a log that was never closed, with a statement that agrees', async () => {
    const bag = makeBag({ events: [{ event: 'open' }, { event: 'heartbeat' }] });
    expect(await judge(packBag(signBag(listBag(bag), trustedKey)))).toMatchObject({
      verdict: 'TAMPERED',
      failed: ['chain'],
      // No `seal` at the end, and three files that the log does not know.
      findingsTotal: 4,
    });
  });

  it('a manifest that disagrees with file and item', async () => {
    const bag = listBag(makeBag());
    edit(bag, 'manifest-sha256.txt', (text) => sha256('other') + text.slice(64));
    expect(await judge(packBag(signBag(listTags(bag), trustedKey)))).toMatchObject({
      verdict: 'TAMPERED',
      failed: ['hashes'],
      findingsTotal: 1,
    });
  });

  it('an item of an artifact after the last planned one', async () => {
    const bag = makeBag();
    editRecords(bag, 'meta/items.jsonl', (records) =>
      records.map((record, index) => (index === 2 ? { ...record, artifact: 'zzz' } : record)),
    );
    expect(await judge(packBag(signBag(listBag(bag), trustedKey)))).toMatchObject({
      verdict: 'TAMPERED',
      failed: ['closure'],
      findingsTotal: 1,
    });
  });
});

describe('archives that break a rule of the format under a good signature', () => {
  it.each(IMPOSSIBLE)('$check: $what', async ({ check, make }) => {
    const { verdict, findings } = await judge(packBag(signBag(listBag(make()), trustedKey)));
    // The first finding; a record that cannot be read is missed elsewhere as well.
    expect([verdict, findings[0]?.check]).toEqual(['TAMPERED', check]);
  });

  it.each(POSSIBLE)('but not $what', async ({ make }) => {
    const { verdict, findings } = await judge(packBag(signBag(listBag(make()), trustedKey)));
    expect([verdict, findings]).toEqual(['VERIFIED', []]);
  });
});

describe('impossible archives under a good signature', () => {
  it.each(withKey)('%s: %s', async (_what, check, change) => {
    const bag = makeBag();
    change(bag);
    const { verdict, failed } = await judge(packBag(signBag(listBag(bag), trustedKey)));
    expect(verdict).toBe('TAMPERED');
    expect(failed).toContain(check);
  });
});
