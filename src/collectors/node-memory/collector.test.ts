import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeFacts } from '../../../test/fakes/node-facts.js';
import { outcomeOf, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { FakeSink } from '../../../test/fakes/fake-cluster-sink.js';
import { LOCAL_NODE, openLocalNode, runOnNode } from '../../../test/fakes/local-node.js';
import type { NodeAccess, NodeFacts } from '../../ports/node-access.js';
import { collector } from './collector.js';
import { LimeRanges } from './lime-ranges.js';
import { estimateOf } from './take-image.js';

/** A range of a LiME image as `avml` writes it. */
function range(first: bigint, content: Buffer): Buffer {
  const head = Buffer.alloc(32);
  head.write('EMiL', 0, 'latin1');
  head.writeUInt32LE(1, 4);
  head.writeBigUInt64LE(first, 8);
  head.writeBigUInt64LE(first + BigInt(content.length) - 1n, 16);
  return Buffer.concat([head, content]);
}
const IMAGE = Buffer.concat([range(0x1000n, Buffer.alloc(4096, 1)), range(0x100000n, Buffer.alloc(8192, 2))]);
const MEMINFO = 'MemTotal:        1048576 kB\nMemFree:  1 kB\n';

interface Node {
  readonly facts?: Partial<NodeFacts>;
  readonly image?: Buffer;
  readonly imageStatus?: number;
  readonly meminfo?: string;
  readonly kernelStatus?: number;
}

const FACTS = nodeFacts({
  rung: 'ssh',
  node: LOCAL_NODE,
  machine: 'x86_64',
  kernel: '6.1.0',
  capabilities: ['sys_rawio'],
  tools: { avml: 'avml 0.14.0' },
});

function fakeNode({
  facts,
  image = IMAGE,
  imageStatus = 0,
  meminfo = MEMINFO,
  kernelStatus = 3,
}: Node = {}): NodeAccess {
  return {
    facts: { ...FACTS, ...facts },
    close: async () => await Promise.resolve(),
    run: async ({ name }, consumer) => {
      const [body, exitStatus] =
        name === 'node-memory-size'
          ? [Buffer.from(meminfo), 0]
          : name === 'node-memory-image'
            ? [image, imageStatus]
            : [kernelStatus === 0 ? Buffer.from('symbols') : Buffer.alloc(0), kernelStatus];
      if (body.length > 0) await consumer.chunk(Buffer.from(body));
      const sha256 = createHash('sha256').update(body).digest('hex');
      const [farSha256, sizeBytes] = [sha256, body.length];
      const rest = { stderr: '', argv: ['sh', name], auditId: null, firstByteAt: null, lastByteAt: null };
      return { end: 'complete', endDetail: null, exitStatus, sizeBytes, sha256, farSha256, ...rest };
    },
  };
}

class RoomySink extends FakeSink {
  readonly #freeBytes: number;

  constructor(freeBytes: number) {
    super();
    this.#freeBytes = freeBytes;
  }

  async freeBytes(): Promise<number> {
    return await Promise.resolve(this.#freeBytes);
  }
}

const GIB = 1024 ** 3;
const run = async (node: Node = {}, freeBytes = 100 * GIB): Promise<FakeRun> =>
  await runOnNode(collector, fakeNode(node), { limits: { memory: true }, sink: new RoomySink(freeBytes) });
const image = async (node?: Node, freeBytes?: number) =>
  outcomeOf(await run(node, freeBytes), `node-memory/${LOCAL_NODE}/image`);

describe('the memory of a node', () => {
  it('is not even planned unless it was asked for', async () => {
    expect((await runOnNode(collector, fakeNode())).outcomes).toEqual([]);
  });

  it('is one secret LiME stream whose ranges were followed to their end, with the symbols beside it', async () => {
    const result = await run({ kernelStatus: 0 });
    expect(outcomeOf(result, `node-memory/${LOCAL_NODE}/image`)).toMatchObject({
      outcome: 'collected',
      proof: { ranges: 2, memoryBytes: '12288' },
    });
    const item = result.sink.at(`data/nodes/${LOCAL_NODE}/node-memory/memory.lime`);
    expect(item.bytes.equals(IMAGE)).toBe(true);
    expect(item.draft.sensitivity).toBe('secret');
    for (const part of ['btf', 'kallsyms', 'system-map'])
      expect(outcomeOf(result, `node-memory/${LOCAL_NODE}/${part}`).outcome).toBe('collected');
  });

  it('is skipped with the reason where it cannot be taken', async () => {
    expect(await image({ facts: { tools: {} } })).toMatchObject({ outcome: 'skipped', reason: 'tool-missing' });
    expect(await image({ facts: { capabilities: ['sys_admin'] } })).toMatchObject({ reason: 'capability-missing' });
    expect(await image({ facts: { vantage: 'offline-disk' } })).toMatchObject({ reason: 'not-live' });
  });

  it('is not begun where it does not fit on the disk, nor where nobody says how much it is', async () => {
    const needed = estimateOf(MEMINFO) ?? 0;
    expect(needed).toBe(GIB + GIB / 8 + GIB);
    const small = await run({}, needed - 1);
    expect(outcomeOf(small, `node-memory/${LOCAL_NODE}/image`)).toMatchObject({
      outcome: 'skipped',
      reason: 'no-space',
      detail: 'The image may have 3 GiB, and the disk of the case has 3 GiB free.',
    });
    expect(small.sink.items).toEqual([]);
    expect((await image({}, needed)).outcome).toBe('collected');
    expect(await image({ meminfo: 'MemTotal: much\n' })).toMatchObject({ outcome: 'failed', reason: 'size-unknown' });
  });

  it('is partial when it is not whole ranges, and failed when avml wrote nothing', async () => {
    for (const bad of [IMAGE.subarray(0, -1), Buffer.from('no image'), Buffer.concat([IMAGE, Buffer.alloc(31)])])
      expect(await image({ image: bad })).toMatchObject({ outcome: 'partial', reason: 'no-lime-image' });
    expect(await image({ image: Buffer.alloc(0) })).toMatchObject({ outcome: 'failed', reason: 'command-failed' });
    expect(await image({ image: Buffer.alloc(0), imageStatus: 1 })).toMatchObject({ outcome: 'failed' });
    expect(await image({ imageStatus: 1 })).toMatchObject({ outcome: 'partial', reason: 'command-failed' });
  });

  it('says which symbols the node does not have', async () => {
    const result = await run({ kernelStatus: 3 });
    expect(outcomeOf(result, `node-memory/${LOCAL_NODE}/btf`)).toMatchObject({
      outcome: 'absent',
      reason: 'not-there',
    });
    const denied = await run({ kernelStatus: 1 });
    expect(outcomeOf(denied, `node-memory/${LOCAL_NODE}/btf`)).toMatchObject({ outcome: 'failed' });
  });

  it('on this machine, through the real way: the symbols are taken, and without avml it says so', async () => {
    const access = await openLocalNode();
    const { avml, ...tools } = access.facts.tools;
    const without: NodeAccess = {
      facts: { ...access.facts, tools },
      run: async (command, consumer) => await access.run(command, consumer),
      close: async () => {
        await access.close();
      },
    };
    expect(typeof avml).toMatch(/undefined|string/);
    const result = await runOnNode(collector, without, { limits: { memory: true } });
    await access.close();
    expect(outcomeOf(result, `node-memory/${LOCAL_NODE}/image`)).toMatchObject({ reason: 'tool-missing' });
    const { outcome } = outcomeOf(result, `node-memory/${LOCAL_NODE}/kallsyms`);
    expect(['collected', 'empty', 'absent', 'failed']).toContain(outcome);
    if (outcome === 'collected')
      expect(result.sink.at(`data/nodes/${LOCAL_NODE}/node-memory/kallsyms.txt`).bytes.toString('latin1')).toMatch(
        /^[0-9a-f]{8,16} [A-Za-z] \S/,
      );
  });
});

describe('ranges', () => {
  it('come out alike however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 60 })),
        (contents, cuts) => {
          const whole = Buffer.concat(
            contents.map((content, index) => range(BigInt(index) << 32n, Buffer.from(content))),
          );
          const ranges = new LimeRanges();
          let at = 0;
          for (const cut of [...cuts, whole.length]) {
            ranges.write(whole.subarray(at, at + cut));
            at += cut;
          }
          expect(ranges.isWhole).toBe(true);
          expect(ranges.ranges).toBe(contents.length);
          expect(ranges.memoryBytes).toBe(BigInt(contents.reduce((sum, { length }) => sum + length, 0)));
        },
      ),
    );
  });

  it('no bytes make it fail', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const ranges = new LimeRanges();
        ranges.write(Buffer.from(bytes));
        expect(ranges.isWhole).toBe(false);
      }),
    );
  });
});
