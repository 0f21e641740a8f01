import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeFacts } from '../../../test/fakes/node-facts.js';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { clockAlarm } from '../../evidence/clock-alarm.js';
import { ExhibitError } from '../../model/errors.js';
import type { NodeAccess, NodeFacts } from '../../ports/node-access.js';
import { collector } from './collector.js';
import { observeNodeClock, parseFarInstant } from './observe-node-clock.js';

const FACTS = nodeFacts({
  rung: 'ssh',
  node: 'n1',
  machine: 'x86_64',
  kernel: '6.1',
  degraded: [{ reason: 'not-root', detail: 'runs as user 1000' }],
});
const REFUSALS = [{ rung: 'collector-pod', reason: 'quota', detail: 'exceeded quota' }] as const;

/** Answers the question for its time with `time`, everything else with a line. */
function nodeWith(facts: Partial<NodeFacts>, time: string): NodeAccess {
  return {
    facts: { ...FACTS, ...facts },
    refusals: REFUSALS,
    run: async (command, consumer) => {
      const body = command.name === 'node-clock' ? time : '== id\nuid=0(root)\n';
      await consumer.chunk(Buffer.from(body));
      return {
        end: 'complete',
        endDetail: null,
        exitStatus: 0,
        sizeBytes: body.length,
        sha256: '',
        farSha256: '',
        stderr: '',
        argv: ['sh', command.name],
        auditId: null,
        firstByteAt: null,
        lastByteAt: null,
      };
    },
    close: () => Promise.resolve(),
  };
}

async function run(nodeAccess: () => Promise<NodeAccess>) {
  const targets = fakeTargets({ nodes: [fakeNode('n1')] });
  return await runCollector({ collector, cluster: new FakeCluster(() => ({ status: 404 })), targets, nodeAccess });
}

describe('how a node was reached', () => {
  it('is recorded with the ways that were refused, what is degraded, and the clock', async () => {
    const result = await run(() => Promise.resolve(nodeWith({}, '86400.000000001\n')));
    expect(outcomeOf(result, 'node-access/n1')).toMatchObject({ outcome: 'collected' });
    expect(result.sink.paths()).toEqual(['data/nodes/n1/access/answers.txt', 'data/derived/nodes/n1/access.jsonl']);
    const derived = JSON.parse(result.sink.at('data/derived/nodes/n1/access.jsonl').bytes.toString()) as object;
    expect(derived).toMatchObject({ facts: { degraded: FACTS.degraded }, refusals: REFUSALS, node: { name: 'n1' } });
    expect(result.sink.at('data/derived/nodes/n1/access.jsonl').facts.derivedFrom).toEqual([
      'data/nodes/n1/access/answers.txt',
    ]);
    expect(result.clocks).toMatchObject([{ source: 'node n1', offsetMinMs: 86_400_000, offsetMaxMs: 86_400_001 }]);
  });

  it('says nothing of the clock of a disk, or of one that makes no sense', async () => {
    expect((await run(() => Promise.resolve(nodeWith({ vantage: 'offline-disk' }, '1.000000000\n')))).clocks).toEqual(
      [],
    );
    expect((await run(() => Promise.resolve(nodeWith({}, 'tomorrow\n')))).clocks).toEqual([]);
  });

  it('throws what the ladder says when no way leads there', async () => {
    const refused = new ExhibitError('NODE_ACCESS_REFUSED', 'ssh: permission-denied');
    expect((await run(() => Promise.reject(refused))).outcomes[0]?.error).toBe(refused);
  });
});

describe("a node's clock", () => {
  const clockOf = (nowMs: number, roundTripUs: number) => {
    let us = 0;
    return { nowMs: () => nowMs, monoUs: () => (us += roundTripUs) - roundTripUs, bootId: () => 'b' };
  };
  const signal = new AbortController().signal;

  it('lies in an interval as wide as the round trip, which contains the truth', async () => {
    // Asked at 1000 s, answered 300 ms later; the node read 1000.2 s in between: its clock may be right.
    const record = await observeNodeClock(nodeWith({}, '1000.200000000\n'), {
      clock: clockOf(1_000_000, 300_000),
      signal,
    });
    expect(record).toMatchObject({ offsetMinMs: -100, offsetMaxMs: 201, roundTripMs: 300 });
  });

  it.each([-86_400, 86_400])('that is wrong by a day is an alarm (%i s)', async (wrongS) => {
    const time = `${String(1_800_000_000 + wrongS)}.000000000\n`;
    const record = await observeNodeClock(nodeWith({}, time), { clock: clockOf(1_800_000_000_000, 300_000), signal });
    expect(record === null ? null : clockAlarm(record)).toContain('node n1');
  });

  it('that is right is none', async () => {
    const record = await observeNodeClock(nodeWith({}, '1800000000.100000000\n'), {
      clock: clockOf(1_800_000_000_000, 300_000),
      signal,
    });
    expect(record === null ? 'no record' : clockAlarm(record)).toBeNull();
  });

  it('is a number that can be written down as an instant, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,14}\.\d{8,10}\n?$/)), (text) => {
        const ms = parseFarInstant(text);
        return ms === null || (Number.isSafeInteger(ms) && ms >= 0 && ms <= 253_402_300_799_999);
      }),
    );
    expect(parseFarInstant('1.999999999\n')).toBe(1999);
    expect(parseFarInstant('999999999999.000000000')).toBeNull();
  });
});
