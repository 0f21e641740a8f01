import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { linesOf, LOCAL_NODE, runOnNode } from '../../../test/fakes/local-node.js';
import { nodeFacts } from '../../../test/fakes/node-facts.js';
import type { NodeAccess, NodeCommand } from '../../ports/node-access.js';
import { collector } from './collector.js';
import { cpuNanoCores, parseDockerChanges, parseDockerContainers, parseDockerSample } from './docker-answers.js';

const ID = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const ARTIFACT = `runtime-metadata/${LOCAL_NODE}/docker`;

interface Said {
  readonly text?: string;
  readonly exitStatus?: number;
}

/** A node of which only Docker's daemon is asked. */
function node(answer: (command: NodeCommand) => Said, given: Parameters<typeof nodeFacts>[0] = {}): NodeAccess {
  return {
    facts: nodeFacts({ node: LOCAL_NODE, ...given }),
    run: async (command, consumer) => {
      const { text = '', exitStatus = 0 } = answer(command);
      const bytes = Buffer.from(text);
      if (bytes.length > 0) await consumer.chunk(bytes);
      return {
        end: 'complete',
        endDetail: null,
        exitStatus,
        sizeBytes: bytes.length,
        sha256: '',
        farSha256: '',
        stderr: '',
        argv: ['sh'],
        auditId: null,
        firstByteAt: null,
        lastByteAt: null,
      };
    },
    close: async () => await Promise.resolve(),
  };
}

const sample = (readAt: string, cpu: number) =>
  JSON.stringify({
    read: readAt,
    cpu_stats: { cpu_usage: { total_usage: cpu } },
    memory_stats: { usage: 4096 },
    pids_stats: { current: 2 },
    networks: { eth0: { rx_bytes: 5, tx_bytes: 6 }, eth1: { rx_bytes: 7, tx_bytes: 8 } },
  });
const row = (id: string, body: string, status = '200'): string => `${id}\0${body}\n${status}\0`;

const LIST = [
  { Id: ID, Names: ['/miner'], Image: 'evil\u001b[31m', ImageID: 'sha256:1', State: 'running' },
  { Id: OTHER, Names: [], Image: 'i', ImageID: 'sha256:2', State: 'exited' },
  { Id: '../../etc/passwd', State: 'running' },
];

/** A daemon that answers as asked. */
function daemon(more: Readonly<Record<string, Said>> = {}): (command: NodeCommand) => Said {
  const said: Record<string, Said> = {
    'runtime-metadata-containers': { text: JSON.stringify(LIST) },
    'runtime-metadata-version': { text: '{"Version":"20"}' },
    'runtime-metadata-info': { text: '{}' },
    'runtime-metadata-images': { text: '[]' },
    'runtime-metadata-stats-1': { text: row(ID, sample('2026-01-01T00:00:00.0Z', 1_000_000_000)) },
    'runtime-metadata-stats-2': { text: row(ID, sample('2026-01-01T00:00:02.0Z', 4_000_000_000)) },
    'runtime-metadata-changes': {
      text: row(ID, '[{"Path":"/x","Kind":1},{"Path":"/","Kind":0}]') + row(OTHER, 'null'),
    },
    ...more,
  };
  return ({ name }) => said[name] ?? {};
}

async function docker(answer: (command: NodeCommand) => Said, given: Parameters<typeof nodeFacts>[0] = {}) {
  const only = { ...collector, plan: onlyDocker };
  return await runOnNode(only, node(answer, given));
}

async function* onlyDocker(context: Parameters<typeof collector.plan>[0]) {
  for await (const planned of collector.plan(context)) if (planned.artifact === ARTIFACT) yield planned;
}

describe("what Docker's daemon says", () => {
  it('is kept as it said it, and one line for each container says what it uses and what changed', async () => {
    const asked: NodeCommand[] = [];
    const run = await docker((command) => {
      asked.push(command);
      return daemon()(command);
    });
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'collected', proof: { containers: 2, running: 1 } });
    const folder = `data/nodes/${LOCAL_NODE}/runtime-metadata/docker`;
    expect(run.sink.at(`${folder}/containers.json`).bytes.toString()).toBe(JSON.stringify(LIST));
    expect(run.sink.at(`${folder}/changes.bin`).bytes.toString()).toContain('"Kind":1');
    const lines = linesOf(run, `data/derived/nodes/${LOCAL_NODE}/docker.jsonl`);
    expect(lines).toMatchObject([
      {
        id: ID,
        name: 'miner',
        image: String.raw`evil\x1b[31m`,
        state: 'running',
        changes: { modified: 1, added: 1, deleted: 0 },
        sample: { memoryBytes: '4096', pids: '2', networkRxBytes: '12', networkTxBytes: '14' },
        // Three seconds of processor in two.
        cpuNanoCores: '1500000000',
      },
      { id: OTHER, name: null, changes: { modified: 0, added: 0, deleted: 0 }, sample: null, cpuNanoCores: null },
    ]);
    // What the daemon names goes through standard input, and only what is an id.
    const ids = asked
      .filter(({ name }) => name.includes('stats'))
      .map(({ stdin }) => Buffer.from(stdin ?? '').toString());
    expect(ids).toEqual([`${ID}\0`, `${ID}\0`]);
  });

  it('of one container with very many changes does not hide what it says of the others', async () => {
    const many = (count: number): string =>
      JSON.stringify(Array.from({ length: count }, () => ({ Path: '/xxxx', Kind: 1 })));
    const changes = { text: row(ID, many(60_000)) + row(OTHER, '[{"Path":"/y","Kind":2}]') };
    const run = await docker(daemon({ 'runtime-metadata-changes': changes }));
    const lines = linesOf(run, `data/derived/nodes/${LOCAL_NODE}/docker.jsonl`);
    expect(lines).toMatchObject([{ changes: { added: 60_000 } }, { changes: { deleted: 1 } }]);
    const endless = { text: `${ID}\0${' '.repeat(17 * 1024 * 1024)}\n200\0${row(OTHER, 'null')}` };
    const other = await docker(daemon({ 'runtime-metadata-changes': endless }));
    expect(outcomeOf(other, ARTIFACT)).toMatchObject({ outcome: 'partial', proof: { unanswered: 1 } });
    const [first, second] = linesOf(other, `data/derived/nodes/${LOCAL_NODE}/docker.jsonl`);
    expect([first, second]).toMatchObject([{ changes: null }, { changes: { added: 0 } }]);
  });

  it('is absent where none runs, and on a disk', async () => {
    const run = await docker(() => ({ exitStatus: 71 }));
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({
      outcome: 'absent',
      reason: 'not-there',
      proof: { exitStatus: 71 },
    });
    expect(run.sink.paths()).toEqual([]);
    const disk = await docker(daemon(), { vantage: 'offline-disk' });
    expect(outcomeOf(disk, ARTIFACT)).toMatchObject({
      outcome: 'absent',
      reason: 'not-live',
      proof: { vantage: 'offline-disk' },
    });
  });

  it('is skipped, with the reason, where nothing can ask it', async () => {
    const run = await docker(() => ({ exitStatus: 72 }));
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'skipped', reason: 'tool-missing' });
    const hidden = await docker(() => ({ exitStatus: 73 }));
    expect(outcomeOf(hidden, ARTIFACT)).toMatchObject({ outcome: 'skipped', reason: 'degraded' });
  });

  it('is a failure where the daemon refuses, and partial where it refuses a part', async () => {
    const refused = await docker(daemon({ 'runtime-metadata-containers': { exitStatus: 22 } }));
    expect(outcomeOf(refused, ARTIFACT)).toMatchObject({ outcome: 'failed', reason: 'command-failed' });
    const part = await docker(daemon({ 'runtime-metadata-changes': { text: row(ID, '{"message":"no"}', '500') } }));
    expect(outcomeOf(part, ARTIFACT)).toMatchObject({
      outcome: 'partial',
      reason: 'unanswered',
      proof: { unanswered: 2 },
    });
  });

  it('is partial where the list of containers is none', async () => {
    const run = await docker(daemon({ 'runtime-metadata-containers': { text: '<html>' } }));
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'partial', reason: 'not-json' });
  });
});

describe('an answer of any bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array().map((one) => Buffer.from(one)),
    fc.json().map((text) => Buffer.from(`${text}\n200`)),
    fc.json().map((text) => Buffer.from(text)),
  );

  it('is read or refused, and what is read is bounded', () => {
    fc.assert(
      fc.property(bytes, (body) => {
        for (const one of parseDockerContainers(body) ?? []) expect(one.id).toMatch(/^[0-9a-f]{64}$/);
        const changes = parseDockerChanges(body);
        if (changes !== null) expect(changes.modified + changes.added + changes.deleted).toBeGreaterThanOrEqual(0);
        const read = parseDockerSample(body) ?? undefined;
        expect(read?.cpuNanoSeconds ?? '0').toMatch(/^\d+$/);
        expect(cpuNanoCores(read, read)).toBeNull();
      }),
    );
  });
});
