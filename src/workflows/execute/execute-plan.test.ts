import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCaseStore } from '../../evidence/case-store.js';
import type { OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import { ExhibitError } from '../../model/errors.js';
import type { OutcomeRecord } from '../../model/outcome.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { ClockLedger } from './clock-ledger.js';
import { executePlan } from './execute-plan.js';
import { NodeLadder } from './node-ladder.js';
import { PlanQueue } from './plan-queue.js';
import { writePlan } from './write-plan.js';

const io = { emit: () => undefined, progress: () => undefined };
/** An outcome that needs no payload. */
const answered: CollectResult = { outcome: 'empty', reason: 'proved', detail: '', proof: { status: 200 } };
const context: PlanContext = {
  targets: {
    nodes: [],
    namespaces: [],
    resources: [],
    unreachableGroups: [],
    pods: async function* () {
      await Promise.resolve();
      yield* [];
    },
  },
  limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1000 },
  wholeCluster: false,
};

let folder: string;
let openCase: OpenCase;
let exhibit: ExhibitSpool;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'execute-plan-'));
  const store = openCaseStore({ casesDirectory: join(folder, 'cases'), clock: systemClock, ids: systemIds, io });
  const { caseId } = await store.create({
    reference: '',
    reason: '',
    authority: 'not stated',
    operator: 'tester',
    hold: null,
  });
  openCase = await store.open(caseId);
  exhibit = await openCase.openExhibit({ kind: 'sandbox' });
});

afterEach(async () => {
  await exhibit.close();
  await openCase.release();
  await rm(folder, { recursive: true, force: true });
});

type Read = (planned: PlannedArtifact, context: CollectContext) => Promise<CollectResult>;

function fakeCollector(id: string, planned: readonly PlannedArtifact[], read: Read): Collector {
  return {
    id,
    title: id,
    doc: id,
    volatility: 'V4',
    tags: [],
    needsKubelet: false,
    needs: [],
    permissions: [],
    plan: async function* () {
      await Promise.resolve();
      yield* planned;
    },
    collect: read,
  };
}

const artifact = (name: string, extra: Partial<PlannedArtifact> = {}): PlannedArtifact => ({
  artifact: name,
  required: true,
  source: '/',
  ...extra,
});

async function run(
  collectors: readonly Collector[],
  options: { signal?: AbortSignal; notAfterMs?: number } = {},
): Promise<void> {
  const queue = new PlanQueue(exhibit.runDirectory);
  try {
    await writePlan({ exhibit, queue, collectors, context, clock: systemClock });
    await executePlan({
      exhibit,
      queue,
      collectors: new Map(collectors.map((collector) => [collector.id, collector])),
      context,
      cluster: undefined as unknown as ClusterReader,
      clock: systemClock,
      clocks: new ClockLedger(exhibit, io),
      io,
      ladder: new NodeLadder({ rungs: [], nodes: [], record: async () => undefined }),
      signal: options.signal ?? new AbortController().signal,
      notAfterMs: options.notAfterMs ?? null,
    });
  } finally {
    await queue.close();
  }
}

async function outcomes(): Promise<Record<string, string>> {
  const found: OutcomeRecord[] = [];
  for await (const record of exhibit.readOutcomes()) found.push(record);
  return Object.fromEntries(found.map((record) => [record.artifact, `${record.outcome} ${record.reason}`]));
}

describe('executePlan', () => {
  it('gives every planned artifact exactly one outcome, and one failure stops no other', async () => {
    const errors: Record<string, Error> = {
      denied: new ExhibitError('CLUSTER_FORBIDDEN', 'no'),
      late: new ExhibitError('TIMEOUT', 'late'),
      torn: new ExhibitError('CUT', 'torn'),
      bug: new TypeError('undefined is not a function'),
    };
    const names = ['fine', ...Object.keys(errors)];
    await run([
      fakeCollector(
        'one',
        names.map((name) => artifact(name)),
        ({ artifact: name }) => {
          const error = errors[name];
          return error === undefined ? Promise.resolve(answered) : Promise.reject(error);
        },
      ),
    ]);
    expect(await outcomes()).toEqual({
      fine: 'empty proved',
      denied: 'denied forbidden',
      late: 'failed timeout',
      torn: 'failed cut',
      bug: 'failed internal',
    });
  });

  it('reads the tiers in the order of volatility, whatever the order of the collectors', async () => {
    const order: string[] = [];
    const read: Read = ({ artifact: name }) => {
      order.push(name);
      return Promise.resolve(answered);
    };
    await run([
      fakeCollector('late', [artifact('v6', { volatility: 'V6' }), artifact('v4')], read),
      fakeCollector('early', [artifact('v0', { volatility: 'V0' }), artifact('v1', { volatility: 'V1' })], read),
    ]);
    expect(order).toEqual(['v0', 'v1', 'v4', 'v6']);
  });

  it('reads what is discovered on the way, in its own tier or at once, and once only', async () => {
    const order: string[] = [];
    await run([
      fakeCollector('finder', [artifact('root', { volatility: 'V1' })], async ({ artifact: name }, ctx) => {
        order.push(name);
        if (name === 'root') {
          for (const found of [artifact('later'), artifact('missed', { volatility: 'V0' }), artifact('later')])
            await ctx.discover(found);
        }
        return answered;
      }),
    ]);
    expect(order).toEqual(['root', 'missed', 'later']);
    expect(Object.keys(await outcomes()).sort()).toEqual(['later', 'missed', 'root']);
  });

  it('stops at a full disk, and the next run reads what has no outcome', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `a${String(index).padStart(3, '0')}`);
    let reads = 0;
    let full = true;
    const collector = fakeCollector(
      'one',
      names.map((name) => artifact(name)),
      async () => {
        await Promise.resolve();
        reads += 1;
        if (full && reads > 100) throw new ExhibitError('STORAGE_FULL', 'the disk is full');
        return answered;
      },
    );
    await expect(run([collector])).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    const before = Object.keys(await outcomes()).length;
    expect(before).toBe(100);
    full = false;
    reads = 0;
    await run([collector]);
    expect(Object.keys(await outcomes()).sort()).toEqual(names);
    expect(reads).toBe(100);
  });

  it('starts nothing new after an interruption and lets what is being read come to rest', async () => {
    const abort = new AbortController();
    const started: string[] = [];
    const collector = fakeCollector(
      'one',
      Array.from({ length: 300 }, (_, index) => artifact(`a${String(index)}`)),
      async ({ artifact: name }, ctx) => {
        started.push(name);
        if (started.length === 10) abort.abort(new ExhibitError('INTERRUPTED', 'interrupted'));
        await new Promise((resolve) => {
          ctx.signal.addEventListener('abort', resolve, { once: true });
          if (ctx.signal.aborted || started.length < 10) setImmediate(resolve);
        });
        return answered;
      },
    );
    await expect(run([collector], { signal: abort.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(started.length).toBeLessThanOrEqual(64);
    expect(Object.keys(await outcomes()).length).toBe(started.length);
  });

  it('takes an API server that stays away for gone, not its objects', async () => {
    const collector = fakeCollector(
      'one',
      Array.from({ length: 200 }, (_, index) => artifact(`a${String(index)}`)),
      () => Promise.reject(new ExhibitError('CLUSTER_UNREACHABLE', 'connection refused')),
    );
    await expect(run([collector])).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(Object.keys(await outcomes()).length).toBeLessThan(200);
  });

  it('does not believe a collector that claims to have collected and kept nothing', async () => {
    await run([
      fakeCollector('one', [artifact('a'), artifact('b')], ({ artifact: name }) =>
        Promise.resolve(name === 'a' ? { ...answered, outcome: 'collected' } : answered),
      ),
    ]);
    expect(await outcomes()).toEqual({ a: 'failed internal', b: 'empty proved' });
  });

  it('calls it partial when an attempt before a crash kept something that the next one does not find', async () => {
    await exhibit.plan({
      artifact: 'a',
      collector: 'one',
      required: true,
      source: '/',
      plannedAt: '2026-01-01T00:00:00.000Z',
    });
    const writer = await exhibit.sink.open({
      path: 'data/cluster/a',
      artifact: 'a',
      collector: 'one',
      vantage: 'api',
      sensitivity: 'normal',
    });
    await writer.write(Buffer.from('kept'));
    await writer.commit({
      subject: {},
      source: { uri: '/', method: 'GET' },
      outcome: 'partial',
      sourceChanged: null,
      firstByteAt: null,
      lastByteAt: null,
    });
    await run([
      fakeCollector('one', [artifact('a')], () =>
        Promise.resolve({ ...answered, outcome: 'absent', reason: 'gone', proof: { status: 404 } }),
      ),
    ]);
    expect(await outcomes()).toEqual({ a: 'partial gone' });
  });

  it('skips what the time limit of the authority no longer covers', async () => {
    await run([fakeCollector('one', [artifact('a')], () => Promise.resolve(answered))], {
      notAfterMs: systemClock.nowMs() - 1,
    });
    expect(await outcomes()).toEqual({ a: 'skipped authority-expired' });
  });
});
