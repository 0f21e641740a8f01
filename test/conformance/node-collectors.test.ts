import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { COLLECTORS } from '../../src/collectors/index.gen.js';
import { ExhibitError } from '../../src/model/errors.js';
import { outcomeRecordSchema } from '../../src/model/outcome.js';
import type { Collector } from '../../src/ports/collector.js';
import type { NodeAccess, NodeCommand, NodeCommandEnd, NodeFacts, NodeStreamEnd } from '../../src/ports/node-access.js';
import { FakeChanges, said } from '../fakes/fake-checkpointer.js';
import { FakeCluster } from '../fakes/fake-cluster.js';
import { runCollector, type FakeRun } from '../fakes/fake-cluster-run.js';
import { FakeSink } from '../fakes/fake-cluster-sink.js';
import { status, worldTargets } from '../fakes/fake-cluster-world.js';

const each = COLLECTORS.filter(({ needsNodeAccess }) => needsNodeAccess === true).map(
  (collector) => [collector.id, collector] as const,
);

/** What is planned only when it was asked for by its own flag. */
const ASKED_FOR = { checkpoints: ['shop/web-0'], memory: true };

const FACTS: NodeFacts = {
  rung: 'local',
  vantage: 'live-kernel',
  node: 'node-1',
  machine: 'x86_64',
  kernel: '6.1.0',
  root: '',
  processes: true,
  capabilities: ['sys_admin', 'sys_ptrace', 'sys_rawio'],
  tools: Object.fromEntries(
    ['tar', 'find', 'stat', 'grep', 'sha256sum', 'dd', 'xargs', 'getfattr', 'ss', 'ip', 'timeout', 'avml'].map(
      (name) => [name, 'GNU 1.0'],
    ),
  ),
  degraded: [],
};

interface Answer {
  readonly end: NodeStreamEnd;
  readonly body?: Buffer;
  readonly exitStatus?: number;
}

function endOf(command: NodeCommand, { end, body = Buffer.alloc(0), exitStatus = 0 }: Answer): NodeCommandEnd {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    end,
    endDetail: end === 'complete' ? null : 'as the test says',
    exitStatus: end === 'complete' ? exitStatus : null,
    sizeBytes: body.length,
    sha256,
    farSha256: end === 'complete' ? sha256 : null,
    stderr: 'a complaint \x1b[31m of the node\n',
    argv: ['sh', command.name],
    auditId: null,
    firstByteAt: null,
    lastByteAt: null,
  };
}

/** A node that answers every script alike. */
function nodeThat(answer: (command: NodeCommand) => Answer | Error): () => Promise<NodeAccess> {
  const access: NodeAccess = {
    facts: FACTS,
    run: async (command, consumer) => {
      if (command.signal?.aborted === true) return endOf(command, { end: 'aborted' });
      const given = answer(command);
      if (given instanceof Error) throw given;
      if (given.body !== undefined && given.body.length > 0) await consumer.chunk(Buffer.from(given.body));
      return endOf(command, given);
    },
    close: () => Promise.resolve(),
  };
  return () => Promise.resolve(access);
}

async function run(
  collector: Collector,
  nodeAccess: () => Promise<NodeAccess>,
  sink = new FakeSink(),
): Promise<FakeRun> {
  const cluster = new FakeCluster(() => status(403, 'forbidden'));
  const changes = new FakeChanges(({ pod, namespace, container }) =>
    said(`/var/lib/kubelet/checkpoints/checkpoint-${pod}_${namespace}-${container}-1.tar`),
  );
  return await runCollector({
    collector,
    cluster,
    targets: worldTargets(),
    nodeAccess,
    sink,
    limits: ASKED_FOR,
    changes,
  });
}

function expectSound({ outcomes, sink }: FakeRun): void {
  expect([...sink.open_]).toEqual([]);
  const planned = new Set(outcomes.map((one) => one.planned.artifact));
  for (const item of sink.items) expect(planned).toContain(item.draft.artifact);
  for (const {
    planned: { artifact, required },
    result,
  } of outcomes) {
    if (result === null) continue;
    const record = { artifact, collector: 'x', required, at: '2026-03-04T05:06:07.000Z', ...result, attempts: 1 };
    expect(outcomeRecordSchema.safeParse(record).error).toBeUndefined();
    expect(result.reason).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(result.detail, artifact).toMatch(/^[\x20-\x7e]*$/);
    const items = sink.items.filter((item) => item.draft.artifact === artifact);
    if (result.outcome === 'collected' || result.outcome === 'partial')
      expect(items.length, artifact).toBeGreaterThan(0);
    else
      expect(
        items.map(({ draft }) => draft.path),
        `${artifact} ${result.outcome}`,
      ).toEqual([]);
  }
}

const outcomesOf = ({ outcomes }: FakeRun) =>
  outcomes.map(({ result, error }) => result?.outcome ?? (error as ExhibitError).code);

describe.each(each)('%s, on a node that', (_id, collector) => {
  it('nobody may reach, is refused everywhere', async () => {
    const refused = new ExhibitError('NODE_ACCESS_REFUSED', 'no way', { subject: 'quota' });
    const result = await run(collector, () => Promise.reject(refused));
    expectSound(result);
    expect(result.outcomes.length).toBeGreaterThan(0);
    const positive = outcomesOf(result).filter((one) => ['collected', 'partial', 'empty', 'absent'].includes(one));
    expect(positive).toEqual([]);
    expect(result.sink.items).toEqual([]);
  });

  it('is gone, says so everywhere', async () => {
    const result = await run(
      collector,
      nodeThat(() => new ExhibitError('NODE_ACCESS_LOST', 'gone')),
    );
    expectSound(result);
    const positive = outcomesOf(result).filter((one) => ['collected', 'empty', 'absent'].includes(one));
    expect(positive).toEqual([]);
  });

  it.each(['cut', 'corrupt', 'timeout', 'limit'] as const)(
    'ends every stream by %s, is never whole, empty or absent',
    async (end) => {
      for (const body of [Buffer.alloc(0), Buffer.from('a\0b\n/etc/passwd\0\xff\x1b[31m', 'latin1')]) {
        const result = await run(
          collector,
          nodeThat(() => ({ end, body })),
        );
        expectSound(result);
        const positive = result.outcomes.filter(({ result: one }) =>
          ['collected', 'empty', 'absent'].includes(one?.outcome ?? ''),
        );
        expect(positive.map(({ planned, result: one }) => [planned.artifact, one])).toEqual([]);
      }
    },
  );

  it('answers with garbage, is survived', async () => {
    const garbage = Buffer.from(
      `\0\0\x1b]0;x\x07{"a":[1,2\n\n== \n\t\t/proc/1\0../../etc\0${'x'.repeat(5000)}\n\xff\xfe`,
      'latin1',
    );
    expectSound(
      await run(
        collector,
        nodeThat(() => ({ end: 'complete', body: garbage })),
      ),
    );
    expectSound(
      await run(
        collector,
        nodeThat(() => ({ end: 'complete', body: garbage, exitStatus: 127 })),
      ),
    );
  });

  it('refuses every script, is no success', async () => {
    const result = await run(
      collector,
      nodeThat(() => ({ end: 'complete', exitStatus: 126 })),
    );
    expectSound(result);
    expect(result.outcomes.filter(({ result: one }) => one?.outcome === 'collected')).toEqual([]);
  });

  it('is left when the run is interrupted', async () => {
    const cluster = new FakeCluster(() => status(403, 'forbidden'));
    const nodeAccess = nodeThat(() => ({ end: 'complete', body: Buffer.from('x') }));
    const asked = { limits: ASKED_FOR, signal: AbortSignal.abort() };
    const options = { collector, cluster, targets: worldTargets(), nodeAccess, ...asked };
    const result = await runCollector(options);
    expect([...result.sink.open_]).toEqual([]);
    expect(result.sink.items.filter((item) => item.facts.outcome === 'collected')).toEqual([]);
  });

  it('is read onto a full disk, lets the disk through and leaves no writer open', async () => {
    const sink = new FakeSink();
    sink.fullAfterBytes = 0;
    const result = await run(
      collector,
      nodeThat(() => ({ end: 'complete', body: Buffer.from('a\0b\n') })),
      sink,
    );
    expect([...sink.open_]).toEqual([]);
    for (const { error } of result.outcomes.filter((one) => one.result === null))
      expect(error).toMatchObject({ code: 'STORAGE_FULL' });
    expect(outcomesOf(result).filter((one) => one === 'collected' || one === 'partial')).toEqual([]);
  });
});
