import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  collectOne,
  memorySigner,
  newExhibit,
  OPENING,
  quietIo,
  SBOM,
  temporaryStore,
} from '../../../test/fakes/evidence-case.js';
import { answer, makeTsa, type Tsa } from '../../../test/fakes/token-maker.js';
import { savedCustodyTokens } from '../../evidence/custody-tokens.js';
import type { OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { sealExhibit } from '../../evidence/seal-exhibit.js';
import { systemClock } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { Io } from '../../ports/io.js';
import type { Timestamper } from '../../ports/timestamper.js';
import { ClockLedger } from './clock-ledger.js';
import { CustodyStamps } from './custody-stamps.js';

let tsa: Tsa;
beforeAll(() => {
  tsa = makeTsa();
});

const answering = (asked: Buffer[] = []): Timestamper => ({
  url: 'https://tsa.example',
  stamp: (query) => {
    asked.push(Buffer.from(query));
    return Promise.resolve(answer(tsa, Buffer.from(query)));
  },
});
const refusing: Timestamper = {
  url: 'https://down.example',
  stamp: () => Promise.reject(new ExhibitError('TIMESTAMP_FAILED', 'nobody answers')),
};

async function opened(): Promise<{ openCase: OpenCase; exhibit: ExhibitSpool }> {
  const { store } = temporaryStore();
  const made = await newExhibit(store);
  onTestFinished(async () => {
    await made.exhibit.close();
    await made.openCase.release();
  });
  await made.exhibit.writeOpening(OPENING);
  return made;
}

function stampsOf(exhibit: ExhibitSpool, timestampers: readonly Timestamper[], io: Io = quietIo): CustodyStamps {
  const { signal } = new AbortController();
  return new CustodyStamps({
    exhibit,
    timestampers,
    clocks: new ClockLedger(exhibit, io),
    clock: systemClock,
    io,
    signal,
  });
}

const never = new AbortController().signal;

describe('CustodyStamps', () => {
  it('has the opening and each heartbeat stamped, which the sealed archive carries and its verification checks', async () => {
    const { openCase, exhibit } = await opened();
    const asked: Buffer[] = [];
    const stamps = stampsOf(exhibit, [answering(asked)]);
    await stamps.opening();
    // Another run into the same exhibit has nothing to open.
    await stamps.opening();
    for (const number of [1, 2]) await stamps.heartbeat(await exhibit.custody.append('heartbeat', { number }), never);
    expect(await savedCustodyTokens(exhibit.layout)).toEqual(['hb-0001', 'hb-0002', 'open']);
    const log = readFileSync(exhibit.layout.custody, 'latin1').split(/(?<=\n)/);
    const first = createHash('sha256')
      .update(log[0] ?? '', 'latin1')
      .digest();
    expect(asked[0]?.includes(first)).toBe(true);
    expect(readFileSync(exhibit.layout.clock, 'latin1').match(/"source":"tsa https:\/\/tsa.example"/g)).toHaveLength(3);
    await collectOne(exhibit, 'one', Buffer.from('a line\n'));
    const { report } = await sealExhibit({
      openCase,
      exhibit,
      signer: memorySigner(),
      clock: systemClock,
      io: quietIo,
      policy: { requireTimestamp: false, requireSigners: 1 },
      sbom: SBOM,
    });
    expect(report.verdict).toBe('VERIFIED');
    expect(report.timestamps.map(({ path }) => path)).toEqual([
      'custody/hb-0001.tsr',
      'custody/hb-0002.tsr',
      'custody/open.tsr',
    ]);
    expect(report.alarms).toEqual([]);
  });

  it('asks the next authority when one does not answer, and says once that none did', async () => {
    const { exhibit } = await opened();
    await stampsOf(exhibit, [refusing, answering()]).opening();
    expect(await savedCustodyTokens(exhibit.layout)).toEqual(['open']);
    const other = await opened();
    const said: string[] = [];
    const stamps = stampsOf(other.exhibit, [refusing], {
      ...quietIo,
      emit: (code, text) => said.push(`${code} ${text}`),
    });
    await stamps.opening();
    await stamps.heartbeat('x\n', never);
    expect(said).toEqual([
      'CUSTODY_NOT_STAMPED no time-stamp over the custody log: https://down.example: nobody answers',
    ]);
    expect(await savedCustodyTokens(other.exhibit.layout)).toEqual([]);
  });

  it('gives up silently when nobody waits any more', async () => {
    const { exhibit } = await opened();
    const over = new AbortController();
    const hanging: Timestamper = {
      url: 'https://slow.example',
      stamp: async (_query, signal) => {
        // Nobody waits from here on.
        setImmediate(() => over.abort());
        return await new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')));
        });
      },
    };
    const said: string[] = [];
    const io: Io = { ...quietIo, emit: (code) => said.push(code) };
    await stampsOf(exhibit, [hanging, answering()], io).heartbeat('x\n', over.signal);
    expect(said).toEqual([]);
    expect(await savedCustodyTokens(exhibit.layout)).toEqual([]);
  });

  it('asks nobody when no authority is named', async () => {
    const { exhibit } = await opened();
    const stamps = stampsOf(exhibit, []);
    await stamps.opening();
    await stamps.heartbeat('x\n', never);
    expect(await savedCustodyTokens(exhibit.layout)).toEqual([]);
  });
});
