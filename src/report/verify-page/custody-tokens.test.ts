import { beforeAll, describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  CREATED_AT,
  gzipOf,
  itemEvent,
  listBag,
  makeBag,
  packBag,
  SAMPLE_PAYLOAD,
  signBag,
  type Bag,
} from '../../../test/fakes/archive-builder.js';
import { tokenOver } from '../../../test/fakes/stamp-bag.js';
import { trustedKey } from '../../../test/fakes/tamper.js';
import { makeTsa, type TokenChanges, type Tsa } from '../../../test/fakes/token-maker.js';
import { NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { PageReport } from './page-report.js';
import { recordSchemas } from './record-schemas.js';
import { recordShapes } from './record-shapes.js';
import { verifyInPage } from './verify-in-page.js';

const shapes = recordShapes(recordSchemas());
const AT_MS = Date.parse(CREATED_AT);
let tsa: Tsa;

beforeAll(() => {
  tsa = makeTsa({ validity: { fromMs: AT_MS - 86_400_000, untilMs: AT_MS + 86_400_000 } });
});

type Stamp = (bag: Bag, line: (number: number) => Buffer) => void;

/** A bag whose log has an opening and two heartbeats, in lines 1, 2 and 6; `stamp` puts tokens beside it. */
function bagWith(stamp: Stamp): Buffer {
  const beat = { event: 'heartbeat' };
  const events = [{ event: 'open' }, beat, ...SAMPLE_PAYLOAD.map(itemEvent), beat, { event: 'seal' }];
  const bag = makeBag({ events });
  const lines = (bag.files.get('custody/acquisition.jsonl')?.toString('latin1') ?? '').split('\n');
  stamp(bag, (number) => Buffer.from(`${lines[number - 1] ?? ''}\n`));
  return gzipOf(packBag(signBag(listBag(bag), trustedKey)));
}

function put(bag: Bag, name: string, stamped: Uint8Array, changes: TokenChanges = {}): void {
  const { query, reply } = tokenOver(stamped, tsa, { genTimeMs: AT_MS, ...changes });
  bag.files.set(`custody/${name}.tsq`, query);
  bag.files.set(`custody/${name}.tsr`, reply);
}

/** What the page says, after making sure that the program comes to the same end. */
async function judged(container: Buffer, roots: string | null = null): Promise<PageReport> {
  const report = await verifyInPage({
    file: new Blob([Uint8Array.from(container)]),
    receipt: null,
    allowedSigners: allowedSignersOf(trustedKey),
    tsaRoots: roots,
    shapes,
    nowMs: NOW_MS,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const tsaRoots = roots === null ? null : { source: 'roots.pem', text: roots };
  const program = await verifyBytes(container, trustedKey, { tsaRoots });
  const findingsOf = ({ findings }: Pick<PageReport, 'findings'>): string[] =>
    findings.map(({ check, path, expected, found }) => `${check} ${path} ${expected} ${found}`).sort();
  expect([report.verdict, findingsOf(report)]).toEqual([program.verdict, findingsOf(program)]);
  const told = (tokens: readonly { path: string; result: string; genTime: string | null }[]): string[] =>
    tokens.map(({ path, result, genTime }) => `${path} ${result} ${genTime ?? ''}`);
  expect(told(report.custodyTokens)).toEqual(told(program.timestamps));
  expect(report.custodyTokens.filter(({ why }) => why.includes('ALARM'))).toHaveLength(program.alarms.length);
  return report;
}

describe('tokens over the custody log, in the page', () => {
  it('bracket the acquisition, are whose the roots say, and prove no time of the seal', async () => {
    const container = bagWith((bag, line) => {
      put(bag, 'open', line(1));
      put(bag, 'hb-0001', line(2));
      put(bag, 'hb-0002', line(3 + SAMPLE_PAYLOAD.length));
    });
    expect((await judged(container)).verdict).toBe('VERIFIED');
    const rooted = await judged(container, tsa.root.pem);
    expect(rooted.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(rooted.custodyTokens.map(({ result }) => result)).toEqual(['passed', 'passed', 'passed']);
    const { custodyTokens } = await judged(container, makeTsa({ name: 'Other' }).root.pem);
    expect(custodyTokens.map(({ result }) => result)).toEqual(['failed', 'failed', 'failed']);
  });

  it.each<[string, Stamp, string]>([
    ['another line', (bag, line) => put(bag, 'open', line(2)), 'it is over other bytes'],
    [
      'an item instead of a heartbeat',
      (bag, line) => put(bag, 'hb-0001', line(3)),
      'a token over none of the heartbeats',
    ],
    [
      'a heartbeat that has one already',
      (bag, line) => {
        put(bag, 'hb-0001', line(2));
        put(bag, 'hb-0002', line(2));
      },
      'a second token over the same line',
    ],
    [
      'garbage',
      (bag) => {
        bag.files.set('custody/hb-0001.tsq', Buffer.from('x'));
        bag.files.set('custody/hb-0001.tsr', Buffer.from('y'));
      },
      'a token over none of the heartbeats',
    ],
    [
      'another request',
      (bag, line) => {
        put(bag, 'open', line(1));
        bag.files.set('custody/open.tsq', tokenOver(line(1), tsa).query);
      },
      'it answers another request',
    ],
    [
      'far too many bytes',
      (bag, line) => {
        put(bag, 'open', line(1));
        bag.files.set('custody/open.tsr', Buffer.alloc(70_000));
      },
      'more than 65536 bytes',
    ],
    [
      'a byte that the authority did not write',
      (bag, line) => {
        put(bag, 'open', line(1));
        const reply = bag.files.get('custody/open.tsr') ?? Buffer.alloc(0);
        bag.files.set('custody/open.tsr', Buffer.concat([reply, Buffer.of(0)]));
      },
      'an element is cut off',
    ],
  ])('over %s make the archive TAMPERED', async (_, stamp, found) => {
    const { verdict, findings } = await judged(bagWith(stamp));
    expect([verdict, findings.map((finding) => finding.found)]).toEqual(['TAMPERED', [found]]);
  });

  it('whose time contradicts that of the log are an alarm', async () => {
    const report = await judged(bagWith((bag, line) => put(bag, 'open', line(1), { genTimeMs: AT_MS + 3_600_000 })));
    expect(report.custodyTokens[0]?.why).toContain(`ALARM: the custody log says ${CREATED_AT} there`);
  });
});
