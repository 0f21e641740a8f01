import { describe, expect, it } from 'vitest';
import { FakeSink } from '../../test/fakes/fake-cluster-sink.js';
import { NO_LIMITS } from '../../test/fakes/fake-cluster-run.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { localRung } from '../node-access/local.js';
import type { CollectContext } from '../ports/collector.js';
import type { EvidenceSink, ItemWriter } from '../ports/evidence-sink.js';
import type { NodeAccess } from '../ports/node-access.js';
import { captureCommand, type CommandCapture } from './capture-command.js';

const PATH = 'data/nodes/n/x.bin';
const node = { name: 'here', uid: '', machineId: '', ready: true };

async function here(): Promise<NodeAccess> {
  const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
  return await localRung(options).open(node, new AbortController().signal);
}

const contextOf = (sink: EvidenceSink): CollectContext =>
  ({ sink, signal: new AbortController().signal, limits: NO_LIMITS }) as unknown as CollectContext;

async function capture(script: string, sink: EvidenceSink, more: Partial<CommandCapture> = {}) {
  const draft = { path: PATH, artifact: 'a', collector: 'c', sensitivity: 'normal' } as const;
  const access = await here();
  return await captureCommand({ access, command: { name: 'test', script }, draft, ...more }, contextOf(sink));
}

/** A sink whose writers hash what `kept` makes of each chunk. */
function spoiling(sink: FakeSink, kept: (chunk: Uint8Array) => Uint8Array): EvidenceSink {
  return {
    open: async (draft) => {
      const writer = await sink.open(draft);
      const spoilt: ItemWriter = {
        get sizeBytes() {
          return writer.sizeBytes;
        },
        write: (chunk) => writer.write(kept(chunk)),
        digest: () => writer.digest(),
        commit: async (facts) => await writer.commit(facts),
        abort: async () => {
          await writer.abort();
        },
      };
      return spoilt;
    },
    readBack: (path) => sink.readBack(path),
  };
}

describe('what a script prints', () => {
  const script = 'head -c 300000 /dev/zero';

  it('is collected when what was kept is what the far side sent', async () => {
    const sink = new FakeSink();
    let seenBytes = 0;
    const { result, end } = await capture(script, sink, { watch: (bytes) => void (seenBytes += bytes.length) });
    expect(result).toMatchObject({ outcome: 'collected', proof: { bytes: 300_000, farSha256: end.sha256 } });
    expect(sink.at(PATH).bytes).toHaveLength(300_000);
    expect(seenBytes).toBe(300_000);
  });

  it.each([
    ['turned', (chunk: Uint8Array) => Buffer.from(chunk).fill(1, 0, 1)],
    ['lost', (chunk: Uint8Array) => chunk.subarray(1)],
  ])('is never whole when a byte is %s on the way into the file', async (_what, kept) => {
    const { result, end } = await capture(script, spoiling(new FakeSink(), kept));
    expect(result).toMatchObject({ outcome: 'partial', reason: 'corrupt' });
    expect(end.farSha256).not.toBe(end.sha256);
  });

  it('is empty when it is nothing, without an item', async () => {
    const sink = new FakeSink();
    const { result, path } = await capture(':', sink);
    expect(result).toMatchObject({ outcome: 'empty' });
    expect([path, sink.paths()]).toEqual([null, []]);
  });

  it('is shown in order and before it is written, also to one who takes time', async () => {
    const sink = new FakeSink();
    let [waiting, shownBytes] = [0, 0];
    const watch = async (bytes: Buffer): Promise<void> => {
      waiting += 1;
      expect(waiting).toBe(1);
      expect(sink.writtenBytes).toBe(shownBytes);
      shownBytes += bytes.length;
      await new Promise((resolve) => setImmediate(resolve));
      waiting -= 1;
    };
    expect((await capture(script, sink, { watch })).result.outcome).toBe('collected');
    expect(shownBytes).toBe(300_000);
  });

  it('leaves no writer open when the disk is full, or the one who watches fails', async () => {
    const full = new FakeSink();
    full.fullAfterBytes = 100_000;
    await expect(capture(script, full)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    const sink = new FakeSink();
    const broken = new Error('broken');
    const watch = (bytes: Buffer): void => {
      if (bytes.length > 0 && sink.writtenBytes > 0) throw broken;
    };
    await expect(capture('cat /dev/zero', sink, { watch })).rejects.toBe(broken);
    expect([full.open_.size, sink.open_.size]).toEqual([0, 0]);
  });
});
