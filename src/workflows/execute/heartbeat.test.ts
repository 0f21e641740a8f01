import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newExhibit, quietIo, temporaryStore } from '../../../test/fakes/evidence-case.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { ClockLedger } from './clock-ledger.js';
import { withHeartbeat } from './heartbeat.js';

const answering = {
  facts: { server: 'https://x' },
  review: () =>
    Promise.resolve({
      status: 201,
      body: Buffer.from('{}'),
      serverDate: 'Sun, 22 Nov 2026 10:00:00 GMT',
      headAtMs: Date.UTC(2026, 10, 22, 10),
      sentAtMs: Date.UTC(2026, 10, 22, 10),
    }),
} as unknown as ClusterReader;

const silent = {
  facts: { server: 'https://x' },
  review: () => Promise.reject(new ExhibitError('CLUSTER_UNREACHABLE', 'nobody')),
} as unknown as ClusterReader;

/** No authority of time is asked. */
const stamps = { heartbeat: () => Promise.resolve() };

const eventsOf = (exhibit: ExhibitSpool): string[] =>
  [...readFileSync(exhibit.layout.custody, 'latin1').matchAll(/"event":"([a-z-]+)"/g)].map(([, event]) => event ?? '');

/** Resolves once the custody log has `count` heartbeats. */
async function beats(exhibit: ExhibitSpool, count: number): Promise<void> {
  while (eventsOf(exhibit).filter((event) => event === 'heartbeat').length < count)
    await new Promise((resolve) => setImmediate(resolve));
}

async function opened(): Promise<ExhibitSpool> {
  const { store } = temporaryStore();
  const { openCase, exhibit } = await newExhibit(store);
  onTestFinished(async () => {
    await exhibit.close();
    await openCase.release();
  });
  return exhibit;
}

describe('withHeartbeat', () => {
  it('says again and again that the run is alive, and what the clock of the server says', async () => {
    const exhibit = await opened();
    const result = await withHeartbeat(
      { exhibit, clocks: new ClockLedger(exhibit, quietIo), stamps, cluster: answering, everyMs: 1 },
      async () => {
        await beats(exhibit, 3);
        return 'done';
      },
    );
    expect(result).toBe('done');
    const events = eventsOf(exhibit).filter((event) => event === 'heartbeat' || event === 'clock');
    expect(events.slice(0, 4)).toEqual(['heartbeat', 'clock', 'heartbeat', 'clock']);
    expect(readFileSync(exhibit.layout.clock, 'latin1')).toContain('"phase":"during","offsetMinMs":0');
  });

  it('goes on when the server does not answer, and writes no clock then', async () => {
    const exhibit = await opened();
    await withHeartbeat(
      { exhibit, clocks: new ClockLedger(exhibit, quietIo), stamps, cluster: silent, everyMs: 1 },
      async () => await beats(exhibit, 2),
    );
    expect(eventsOf(exhibit)).not.toContain('clock');
  });

  it('does not wait for a server that is silent when the work ends', async () => {
    const exhibit = await opened();
    const mute = { ...silent, review: () => new Promise(() => undefined) } as unknown as ClusterReader;
    await withHeartbeat(
      { exhibit, clocks: new ClockLedger(exhibit, quietIo), stamps, cluster: mute, everyMs: 1 },
      async () => await beats(exhibit, 1),
    );
    expect(eventsOf(exhibit)).toContain('heartbeat');
  });

  it('writes nothing for work that ends before the first beat, and nothing afterwards', async () => {
    const exhibit = await opened();
    const before = eventsOf(exhibit);
    await withHeartbeat(
      { exhibit, clocks: new ClockLedger(exhibit, quietIo), stamps, cluster: answering, everyMs: 3_600_000 },
      () => Promise.resolve(),
    );
    expect(eventsOf(exhibit)).toEqual(before);
  });

  it('throws what the work throws, and what the disk did to a beat', async () => {
    const exhibit = await opened();
    const failing = withHeartbeat(
      { exhibit, clocks: new ClockLedger(exhibit, quietIo), stamps, cluster: answering, everyMs: 1 },
      () => Promise.reject(new Error('work')),
    );
    await expect(failing).rejects.toThrow('work');
    await exhibit.close();
    const appends: string[] = [];
    const closed = {
      ...exhibit,
      counts: () => exhibit.counts(),
      custody: {
        append: (event: string) => {
          appends.push(event);
          return Promise.reject(new ExhibitError('STORAGE_FULL', 'full'));
        },
      },
    } as unknown as ExhibitSpool;
    const full = withHeartbeat(
      { exhibit: closed, clocks: new ClockLedger(closed, quietIo), stamps, cluster: answering, everyMs: 1 },
      async () => {
        while (appends.length === 0) await new Promise((resolve) => setImmediate(resolve));
      },
    );
    await expect(full).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  });
});
