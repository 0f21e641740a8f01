import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
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
import { makeTsa, pemOf, type TokenChanges, type Tsa } from '../../../test/fakes/token-maker.js';
import { verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { VerifyReport } from '../../model/verdict.js';

const key = generateKeyPairSync('ed25519').privateKey;
const AT_MS = Date.parse(CREATED_AT);
let tsa: Tsa;

beforeAll(() => {
  const validity = { fromMs: AT_MS - 86_400_000, untilMs: AT_MS + 86_400_000 };
  tsa = makeTsa({ root: validity, signer: validity });
});

/** A bag whose log has an opening and two heartbeats; `stamp` puts tokens beside it. */
function bagWith(stamp: (bag: Bag, lines: readonly Buffer[]) => void): Buffer {
  const beat = (number: number): { readonly event: string } & Record<string, unknown> => ({
    event: 'heartbeat',
    number,
  });
  const events = [{ event: 'open' }, beat(1), ...SAMPLE_PAYLOAD.map(itemEvent), beat(2), { event: 'seal' }];
  const bag = makeBag({ events });
  const log = bag.files.get('custody/acquisition.jsonl')?.toString('latin1') ?? '';
  stamp(
    bag,
    log
      .split('\n')
      .slice(0, -1)
      .map((line) => Buffer.from(`${line}\n`)),
  );
  return gzipOf(packBag(signBag(listBag(bag), key)));
}

function put(bag: Bag, name: string, stamped: Uint8Array, changes: TokenChanges = {}): void {
  const { query, reply } = tokenOver(stamped, tsa, { genTimeMs: AT_MS, ...changes });
  bag.files.set(`custody/${name}.tsq`, query);
  bag.files.set(`custody/${name}.tsr`, reply);
}

const line = (lines: readonly Buffer[], number: number): Buffer => lines[number - 1] ?? Buffer.alloc(0);
const roots = (): { source: string; text: string } => ({ source: 'test', text: pemOf(tsa.root.certificate) });
const problemsOf = ({ findings }: VerifyReport): string[] =>
  findings.map(({ check, path, found }) => `${check} ${path} ${found}`);

describe('tokens over the custody log', () => {
  it('bracket the acquisition, and are whose the roots say', async () => {
    const archive = bagWith((bag, lines) => {
      put(bag, 'open', line(lines, 1));
      put(bag, 'hb-0001', line(lines, 2));
      put(bag, 'hb-0002', line(lines, lines.length - 1));
    });
    const plain = await verifyBytes(archive, key);
    expect(problemsOf(plain)).toEqual([]);
    expect(plain.verdict).toBe('VERIFIED');
    expect(plain.timestamps.map(({ path, result, genTime }) => [path, result, genTime])).toEqual(
      ['hb-0001', 'hb-0002', 'open'].map((name) => [`custody/${name}.tsr`, 'skipped', '2026-01-02T03:04:05.000Z']),
    );
    const rooted = await verifyBytes(archive, key, { tsaRoots: roots() });
    // They are over the log, not over the signature: the time of the seal is still not proven.
    expect(rooted.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(rooted.timestamps.map(({ result }) => result)).toEqual(['passed', 'passed', 'passed']);
    const stranger = { source: 'test', text: pemOf(makeTsa({ name: 'Other' }).root.certificate) };
    const { timestamps } = await verifyBytes(archive, key, { tsaRoots: stranger });
    expect(timestamps.map(({ result }) => result)).toEqual(['failed', 'failed', 'failed']);
  });

  it.each<[string, (bag: Bag, lines: readonly Buffer[]) => void, string]>([
    ['another line', (bag, lines) => put(bag, 'open', line(lines, 2)), 'time custody/open.tsr it is over other bytes'],
    [
      'an item instead of a heartbeat',
      (bag, lines) => put(bag, 'hb-0001', line(lines, 3)),
      'time custody/hb-0001.tsr a token over none of the heartbeats',
    ],
    [
      'garbage',
      (bag) => {
        bag.files.set('custody/hb-0001.tsq', Buffer.from('x'));
        bag.files.set('custody/hb-0001.tsr', Buffer.from('y'));
      },
      'time custody/hb-0001.tsr a token over none of the heartbeats',
    ],
    [
      'a reply of another request',
      (bag, lines) => {
        put(bag, 'open', line(lines, 1));
        bag.files.set('custody/open.tsq', tokenOver(line(lines, 1), tsa).query);
      },
      'time custody/open.tsr it answers another request',
    ],
    [
      'far too long',
      (bag, lines) => {
        put(bag, 'open', line(lines, 1));
        bag.files.set('custody/open.tsr', Buffer.alloc(70_000));
      },
      'time custody/open.tsr more than 65536 bytes',
    ],
    [
      'a line that has one already',
      (bag, lines) => {
        put(bag, 'hb-0001', line(lines, 2));
        put(bag, 'hb-0002', line(lines, 2));
      },
      'time custody/hb-0002.tsr a second token over the same line',
    ],
    [
      'half of a pair',
      (bag, lines) => {
        put(bag, 'open', line(lines, 1));
        bag.files.delete('custody/open.tsq');
      },
      'closure custody/open.tsq none',
    ],
  ])('that are over %s were put there by somebody', async (_, stamp, problem) => {
    const report = await verifyBytes(bagWith(stamp), key);
    expect(report.verdict).toBe('TAMPERED');
    expect(problemsOf(report)).toEqual([problem]);
  });

  it('raise an alarm where their time contradicts the log, and only there', async () => {
    const archive = bagWith((bag, lines) => {
      put(bag, 'open', line(lines, 1), { genTimeMs: AT_MS + 3 * 3_600_000 });
      put(bag, 'hb-0001', line(lines, 2), { genTimeMs: AT_MS + 200_000 });
    });
    const { verdict, alarms } = await verifyBytes(archive, key);
    expect(verdict).toBe('VERIFIED');
    expect(alarms).toEqual([
      'the custody log says 2026-01-02T03:04:05.678Z where custody/open.tsr says 2026-01-02T06:04:05.000Z: one of the two clocks was wrong',
    ]);
  });

  it('are no alarm when another clock agreed, and one when it did not', async () => {
    const record = (source: string, offsetMinMs: number): string =>
      `{"source":"${source}","at":"${CREATED_AT}","phase":"open","offsetMinMs":${String(offsetMinMs)},"offsetMaxMs":${String(offsetMinMs + 1000)},"roundTripMs":3}\n`;
    const archive = bagWith((bag) => {
      const clock = record('api-server', 10) + record('node-1', 60_000) + record('node-1', 70_000);
      bag.files.set('meta/clock.jsonl', Buffer.from(clock));
    });
    const { verdict, alarms } = await verifyBytes(archive, key);
    expect(verdict).toBe('VERIFIED');
    expect(alarms).toEqual([
      'the clock of node-1 is at least 60.0 s ahead of that of the machine that collected: one of them is wrong',
    ]);
  });
});
