/** Archives that are consistent by hash, chain and signature, and say something that exhibit/1 does not allow. One rule broken each. */
import type { CheckName } from '../../src/model/verdict.js';
import type { OutcomeRecord } from '../../src/model/outcome.js';
import {
  CREATED_AT,
  itemEvent,
  jsonLines,
  makeBag,
  SAMPLE_PAYLOAD,
  sha256,
  type Bag,
  type BagSpec,
  type PayloadSpec,
} from './archive-builder.js';
import { edit, editRecords, type Change } from './tamper.js';

export interface ImpossibleArchive {
  readonly what: string;
  readonly check: CheckName;
  /** Without manifests and signature. */
  readonly make: () => Bag;
}

const items = SAMPLE_PAYLOAD.map(itemEvent);
const [open, seal] = [{ event: 'open' }, { event: 'seal' }];
const none: Change = () => undefined;

function made(what: string, check: CheckName, spec: BagSpec, change: Change = none): ImpossibleArchive {
  const make = (): Bag => {
    const bag = makeBag(spec);
    change(bag);
    return bag;
  };
  return { what, check, make };
}

function events(what: string, list: readonly { readonly event: string }[]): ImpossibleArchive {
  return made(what, 'chain', { events: list });
}

function item(what: string, check: CheckName, fields: Record<string, unknown>, spec: BagSpec = {}): ImpossibleArchive {
  return made(what, check, spec, (bag) => {
    editRecords(bag, 'meta/items.jsonl', ([first = {}, ...rest]) => [{ ...first, ...fields }, ...rest]);
  });
}

function outcome(what: string, check: CheckName, fields: Partial<OutcomeRecord>, artifact: string): ImpossibleArchive {
  const kind = fields.outcome ?? 'collected';
  return made(what, check, { outcomes: [{ artifact, outcome: kind, required: false }] }, (bag) => {
    editRecords(bag, 'meta/outcomes.jsonl', (list) =>
      list.map((record) => (record['artifact'] === artifact ? { ...record, ...fields } : record)),
    );
  });
}

/** The first payload artifact ends as `kind` although it has an item. */
function withItem(kind: OutcomeRecord['outcome']): ImpossibleArchive {
  const [first, ...rest] = SAMPLE_PAYLOAD as [PayloadSpec, ...PayloadSpec[]];
  const payload = [...rest, { ...first, artifact: 'zzz' }];
  const outcomes = [{ artifact: 'zzz', outcome: kind, required: false }];
  return made(`${kind}, and an item all the same`, 'closure', { payload, outcomes });
}

const request = {
  seq: 1,
  method: 'GET',
  url: 'https://127.0.0.1/api',
  status: 200,
  auditIdSent: 'a',
  auditIdAnswered: null,
  serverDate: null,
  sizeBytes: 0,
  sha256: sha256(''),
  tlsPeerSha256: null,
  sentAt: CREATED_AT,
  firstByteAt: CREATED_AT,
  lastByteAt: null,
  error: null,
};
const clock = { source: 'api', at: CREATED_AT, phase: 'open', offsetMinMs: 1, offsetMaxMs: 2, roundTripMs: 1 };

function records(what: string, file: string, list: readonly unknown[]): ImpossibleArchive {
  return made(what, 'grammar', {}, (bag) => {
    bag.files.set(`meta/${file}.jsonl`, jsonLines(list));
  });
}

const payloadAt = (path: string): PayloadSpec => ({ path, bytes: Buffer.from('x'), artifact: 'x' });
const x0003 = { exhibitId: 'case-abcd-x0003', sequence: 3 };
const x0001 = { exhibitId: 'case-abcd-x0001', tagmanifestSha256: sha256('1') };
const lost = (sequence: number): { exhibitId: string; sequence: number; custodyHeadSha256: string } => ({
  exhibitId: `case-abcd-x000${String(sequence)}`,
  sequence,
  custodyHeadSha256: sha256('2'),
});

const redaction = {
  path: 'data/a',
  kind: 'masked',
  offset: 3,
  lengthBytes: 4,
  rules: ['some-rule'],
  saltedSha256: sha256('salt'),
};
const LEDGER = 'data/derived/redactions.jsonl';

/** A redacted copy with this ledger, of `data/a` and a file that was split. */
function copy(
  what: string,
  check: CheckName,
  ledger: readonly unknown[],
  derivedFrom: object | null = {},
): ImpossibleArchive {
  const parent = { exhibitId: 'case-abcd-x0009', tagmanifestSha256: sha256('t'), containerSha256: sha256('c') };
  const stated = derivedFrom && { ...parent, redactions: ledger.length, ...derivedFrom };
  const payload = [
    ...['data/a', 'data/big.p0001', 'data/big.p0002'].map(payloadAt),
    { ...payloadAt(LEDGER), bytes: jsonLines(ledger) },
  ].map((spec) => ({ ...spec, artifact: 'x' }));
  return made(what, check, { payload, statement: stated === null ? {} : { derivedFrom: stated } }, (bag) => {
    editRecords(bag, 'meta/items.jsonl', (list) =>
      list.map((record) => (record['path'] === LEDGER ? { ...record, derivedFrom: ['data/a'] } : record)),
    );
  });
}

/** What the same records look like when nothing is wrong: the corpus would prove nothing if these were refused as well. */
export const POSSIBLE: readonly { readonly what: string; readonly make: () => Bag }[] = [
  made('a seal that died', 'chain', {
    events: [open, ...items, seal, { event: 'interrupted' }, { event: 'resumed' }, seal],
  }),
  made('an exhibit after others', 'chain', { statement: { ...x0003, previous: x0001, openedNotSealed: [lost(2)] } }),
  made('nothing sealed before', 'chain', { statement: { ...x0003, openedNotSealed: [lost(1), lost(2)] } }),
  made('requests and clocks', 'chain', {}, (bag) => {
    bag.files.set('meta/requests.jsonl', jsonLines([request, { ...request, seq: 7 }]));
    bag.files.set('meta/clock.jsonl', jsonLines([clock, { ...clock, offsetMinMs: 2 }]));
  }),
  made('empty and absent with their proof', 'chain', {
    outcomes: [
      { artifact: 'e', outcome: 'empty', required: true },
      { artifact: 'n', outcome: 'absent', required: true },
    ],
  }),
  item(
    'a source that was split',
    'chain',
    { derivedFrom: ['data/big'] },
    {
      payload: [payloadAt('data/a'), payloadAt('data/big.p0001'), payloadAt('data/big-b')],
    },
  ),
  copy('a redacted copy', 'closure', [
    redaction,
    { ...redaction, offset: 7 },
    { ...redaction, path: 'data/big.p0002' },
    { ...redaction, path: 'data/big.p0003' },
    { ...redaction, path: 'data/gone', kind: 'removed', offset: 0 },
    { ...redaction, path: 'data/gone.p0002', kind: 'removed', offset: 0 },
  ]),
  made('names that begin one another', 'chain', { payload: ['data/a', 'data/a-b', 'data/a.b/c'].map(payloadAt) }),
];

export const IMPOSSIBLE: readonly ImpossibleArchive[] = [
  events('a log that does not begin with open', [{ event: 'plan' }, open, ...items, seal]),
  events('a log with a second open', [open, ...items, open, seal]),
  events('an open of another exhibit', [{ ...open, exhibitId: 'case-abcd-x0009' }, ...items, seal] as typeof items),
  events('an open of another case', [{ ...open, caseId: 'case-efgh' }, ...items, seal] as typeof items),
  events('an open of another kind', [{ ...open, kind: 'incident' }, ...items, seal] as typeof items),
  events('a seal that counts other files', [open, ...items, { ...seal, payloadFiles: 9 }] as typeof items),
  events('a seal that counts other bytes', [open, ...items, { ...seal, payloadBytes: 9 }] as typeof items),
  events('a seal that counts another plan', [open, ...items, { ...seal, planned: 9 }] as typeof items),
  events('a seal that counts other gaps', [open, ...items, { ...seal, gaps: 9 }] as typeof items),
  events('a seal that counts other outcomes', [
    open,
    ...items,
    { ...seal, outcomes: { collected: 1 } },
  ] as typeof items),
  events('two seals in a row', [open, ...items, seal, seal]),
  events('a second seal without resumed', [open, ...items, seal, { event: 'interrupted' }, seal]),
  events('a second seal without interrupted', [open, ...items, seal, { event: 'resumed' }, seal]),
  events('a log that does not know a file', [open, ...items.slice(1), seal]),
  events('a log that knows a file twice', [open, ...items, ...items.slice(1), seal]),
  events('a log that knows a file that is not there', [
    open,
    ...items,
    { ...items[0], path: 'data/x' },
    seal,
  ] as typeof items),
  events('a log with another hash of a file', [
    open,
    { ...items[0], sha256: sha256('x') },
    ...items.slice(1),
    seal,
  ] as typeof items),
  events('a log with another size of a file', [
    open,
    { ...items[0], sizeBytes: 9 },
    ...items.slice(1),
    seal,
  ] as typeof items),
  events('a log with an item without a path', [open, ...items, { event: 'item' }, seal]),
  made('a file that is a folder as well', 'grammar', { payload: ['data/a', 'data/a-b', 'data/a/b'].map(payloadAt) }),
  outcome('empty without a proof', 'grammar', { outcome: 'empty', proof: {} }, 'nothing'),
  outcome('absent without a proof', 'grammar', { outcome: 'absent', proof: {} }, 'nothing'),
  withItem('absent'),
  withItem('denied'),
  withItem('skipped'),
  made('collected, with nothing but a partial item', 'closure', { payload: [payloadAt('data/x')] }, (bag) => {
    edit(bag, 'meta/items.jsonl', (text) => text.replace('"outcome":"collected"', '"outcome":"partial"'));
  }),
  item('an item of another collector', 'closure', { collector: 'other' }),
  item('an item derived from a file that is not there', 'closure', { derivedFrom: ['data/x'] }),
  made('a derived file without a source', 'closure', { payload: [payloadAt('data/derived/x')] }),
  made('tool.json of another version', 'statement', {}, (bag) => {
    edit(bag, 'meta/tool/tool.json', (text) => text.replace('0.1.0', '0.2.0'));
  }),
  made('an empty tool.json', 'statement', {}, (bag) => {
    bag.files.set('meta/tool/tool.json', Buffer.alloc(0));
  }),
  made('a guide with an escape sequence', 'grammar', {}, (bag) => {
    edit(bag, 'VERIFY.md', (text) => `${text}\x1b[2J\n`);
  }),
  made('a guide with a carriage return', 'grammar', {}, (bag) => {
    edit(bag, 'VERIFY.md', (text) => `${text}\r\n`);
  }),
  made('a guide without an end', 'grammar', {}, (bag) => {
    edit(bag, 'VERIFY.md', (text) => text.replace(/\n$/, ''));
  }),
  made('a guide of another exhibit', 'grammar', {}, (bag) => {
    edit(bag, 'VERIFY.md', (text) => text.replaceAll('x0001', 'x0002'));
  }),
  made('an endless guide', 'grammar', {}, (bag) => {
    edit(bag, 'VERIFY.md', (text) => text + `${'a'.repeat(99)}\n`.repeat(700));
  }),
  made('a first exhibit with a previous one', 'statement', { statement: { previous: x0001 } }),
  made('a previous exhibit of another case', 'statement', {
    statement: { ...x0003, previous: { ...x0001, exhibitId: 'case-efgh-x0001' }, openedNotSealed: [lost(2)] },
  }),
  made('a later exhibit as the previous one', 'statement', {
    statement: { ...x0003, previous: { ...x0001, exhibitId: 'case-abcd-x0004' } },
  }),
  made('itself as never sealed', 'statement', {
    statement: { ...x0003, previous: x0001, openedNotSealed: [lost(2), lost(3)] },
  }),
  made('the previous one as never sealed', 'statement', {
    statement: { ...x0003, previous: x0001, openedNotSealed: [lost(1), lost(2)] },
  }),
  made('an exhibit in between that is not named', 'statement', { statement: { ...x0003, previous: x0001 } }),
  made('never sealed, with another id', 'statement', {
    statement: { ...x0003, previous: x0001, openedNotSealed: [{ ...lost(2), exhibitId: 'case-abcd-x0001' }] },
  }),
  item('a time of an item in another zone', 'grammar', { firstByteAt: '2026-01-02T03:04:05+01:00' }),
  outcome('a time of an outcome that is none', 'grammar', { outcome: 'failed', at: 'today' }, 'nothing'),
  made('a time of the plan without its end', 'grammar', {}, (bag) => {
    editRecords(bag, 'meta/plan.jsonl', (list) => list.map((record) => ({ ...record, plannedAt: '2026-01-02' })));
  }),
  made('a month that there is not', 'grammar', {
    events: [{ ...open, at: '2026-13-02T03:04:05.678Z' }, ...items, seal] as typeof items,
  }),
  records('requests out of order', 'requests', [{ ...request, seq: 2 }, request]),
  records('a request twice', 'requests', [request, request]),
  records('a request with a hash that is none', 'requests', [{ ...request, sha256: 'x' }]),
  records('a request with a time that is none', 'requests', [{ ...request, sentAt: '1' }]),
  copy('a ledger of redactions in an original', 'statement', [redaction], null),
  copy('fewer redactions than stated', 'statement', [redaction], { redactions: 2 }),
  copy('a copy of itself', 'statement', [redaction], { exhibitId: 'case-abcd-x0001' }),
  made('a copy without its ledger', 'statement', {
    statement: {
      derivedFrom: {
        exhibitId: 'case-abcd-x0009',
        tagmanifestSha256: sha256('t'),
        containerSha256: sha256('c'),
        redactions: 1,
      },
    },
  }),
  copy('redactions out of order', 'closure', [redaction, { ...redaction, offset: 2 }]),
  copy('redactions that overlap', 'closure', [redaction, { ...redaction, offset: 6 }]),
  copy('files with redactions out of order', 'closure', [{ ...redaction, path: 'data/big.p0001' }, redaction]),
  copy('a file that is masked and removed', 'closure', [redaction, { ...redaction, kind: 'removed', offset: 9 }]),
  copy('a masked file that is not there', 'closure', [{ ...redaction, path: 'data/b' }]),
  copy('a removed file that is there', 'closure', [{ ...redaction, kind: 'removed', offset: 0 }]),
  records('a clock that runs from more to less', 'clock', [{ ...clock, offsetMinMs: 3 }]),
];
