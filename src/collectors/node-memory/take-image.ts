import type { CollectResult } from '../../ports/collector.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { oneAtATime } from '../one-at-a-time.js';
import { IMAGE_SCRIPT, MEMINFO_SCRIPT } from './far-scripts.js';
import { LimeRanges } from './lime-ranges.js';

const MEM_TOTAL = /^MemTotal:\s+(\d{1,15}) kB$/m;
const MAX_MEMINFO_BYTES = 65_536;
/** Firmware and kernel hold some memory that MemTotal leaves out, and the case needs room for the rest of the evidence. */
const MARGIN_BYTES = 1024 ** 3;
const GIB = 1024 ** 3;

/** Bytes of an image at most, by what the kernel says it has; `null` when it does not say. */
export function estimateOf(meminfo: string): number | null {
  const kib = MEM_TOTAL.exec(meminfo)?.[1];
  if (kib === undefined) return null;
  const bytes = Number(kib) * 1024;
  return bytes + Math.floor(bytes / 8) + MARGIN_BYTES;
}

async function readMeminfo({ access, context }: NodeWork): Promise<string | null> {
  const parts: Buffer[] = [];
  const chunk = (bytes: Buffer): void => {
    parts.push(Buffer.from(bytes));
  };
  const end = await access.run(
    {
      name: 'node-memory-size',
      script: MEMINFO_SCRIPT,
      maxBytes: MAX_MEMINFO_BYTES,
      timeoutMs: 60_000,
      signal: context.signal,
    },
    { chunk },
  );
  return end.end === 'complete' && end.exitStatus === 0 ? Buffer.concat(parts).toString('latin1') : null;
}

const inGib = (bytes: number): string => `${String(Math.ceil(bytes / GIB))} GiB`;

/** Why no image is taken; `null` when one may be. */
function cannotTake({ access }: NodeWork): CollectResult | null {
  const { facts } = access;
  const proof = { rung: facts.rung };
  if (facts.vantage !== 'live-kernel')
    return { outcome: 'skipped', reason: 'not-live', detail: 'A disk has no memory.', proof };
  if (facts.tools['avml'] === undefined) {
    const detail = 'Not there: avml. Put it into the collector image, or into the PATH of the node for ssh and local.';
    return { outcome: 'skipped', reason: 'tool-missing', detail, proof };
  }
  if (facts.capabilities.includes('sys_rawio')) return null;
  const detail = 'Physical memory is read with CAP_SYS_RAWIO, which this way does not have; ssh or local as root does.';
  return { outcome: 'skipped', reason: 'capability-missing', detail, proof };
}

/** Takes the physical memory of a node as one LiME stream, when there is room for it. One image at a time: rooms add up. */
export async function takeImage(work: NodeWork): Promise<CollectResult> {
  return cannotTake(work) ?? (await oneAtATime(work.context.sink, async () => await takeInTurn(work)));
}

async function takeInTurn(work: NodeWork): Promise<CollectResult> {
  const { context } = work;
  const meminfo = await readMeminfo(work);
  const maxBytes = meminfo === null ? null : estimateOf(meminfo);
  if (maxBytes === null)
    return {
      outcome: 'failed',
      reason: 'size-unknown',
      detail: 'The kernel does not say how much there is.',
      proof: {},
    };
  const freeBytes = (await context.sink.freeBytes?.()) ?? null;
  if (freeBytes !== null && freeBytes < maxBytes) {
    const detail = `The image may have ${inGib(maxBytes)}, and the disk of the case has ${inGib(freeBytes)} free.`;
    return { outcome: 'skipped', reason: 'no-space', detail, proof: { estimatedBytes: maxBytes, freeBytes } };
  }
  const ranges = new LimeRanges();
  const { result } = await runNodeStep(work, {
    step: 'image',
    file: 'memory.lime',
    sensitivity: 'secret',
    command: { script: IMAGE_SCRIPT, maxBytes },
    watch: (bytes) => {
      ranges.write(bytes);
    },
  });
  const proof = { ...result.proof, ranges: ranges.ranges, memoryBytes: ranges.memoryBytes.toString() };
  if (result.outcome === 'empty')
    return { outcome: 'failed', reason: 'command-failed', detail: 'avml wrote nothing.', proof };
  if (result.outcome !== 'collected' || ranges.isWhole) return { ...result, proof };
  const detail = 'The bytes are kept; they are not whole ranges of a LiME image.';
  return { outcome: 'partial', reason: 'no-lime-image', detail, proof };
}
