import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { nodePartSchema, planNodeParts } from '../node-part.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { UNKNOWN_ARTIFACT } from '../unknown-artifact.js';
import { KERNEL_FILES, NOT_THERE, type KernelFile } from './far-scripts.js';
import { takeImage } from './take-image.js';

const ID = 'node-memory';

const DOC = `
Only with \`--memory\`, and never by a profile alone: the physical memory of each node in scope, in \`data/nodes/<node>/node-memory/\`. **That is every
secret of every container on the node**: keys, tokens, passwords, what people typed. \`exhibit seal\` refuses an exhibit with such a file unless it
is encrypted.

- **image**: \`memory.lime\` (secret, split into parts of 4 GiB), what \`avml\` writes, in LiME's format. \`avml\` must be among the tools of
  the way to the node; we ship none. Each range is followed to its end: what is not whole ranges is \`partial\`. No image is begun where MemTotal
  and an eighth more does not fit on the disk of the case (\`no-space\`). Memory changes while it is read: the image is no single moment.
- **btf**, **kallsyms**, **system-map**: what an analyst needs to read the image. \`absent\` where the kernel has none. \`kallsyms\` shows zeros
  for addresses where the kernel hides them.

It takes CAP_SYS_RAWIO, which the collector pod does not ask for: use ssh or local as root (\`capability-missing\`). A kernel in lockdown refuses
everybody. One image after another, at the rate of \`--node-rate\`.
`;

const MAX_KERNEL_FILE_BYTES = 256 * 1024 * 1024;

const PARTS: Readonly<Record<KernelFile | 'image', string>> = {
  'image': 'physical memory',
  'btf': '/sys/kernel/btf/vmlinux',
  'kallsyms': '/proc/kallsyms',
  'system-map': '/boot/System.map',
};

async function* plan(context: PlanContext): AsyncGenerator<PlannedArtifact> {
  if (context.limits.memory !== true) return;
  const parts = Object.entries(PARTS).map(([part, source]) => ({ part, source, required: part === 'image' }));
  yield* planNodeParts(ID, parts, context);
  await Promise.resolve();
}

async function takeKernelFile(work: NodeWork, part: KernelFile): Promise<CollectResult> {
  const { file, script } = KERNEL_FILES[part];
  const { facts } = work.access;
  if (facts.vantage !== 'live-kernel')
    return { outcome: 'skipped', reason: 'not-live', detail: 'A disk has no running kernel.', proof: {} };
  const { result, captured } = await runNodeStep(work, {
    step: part,
    file,
    command: { script, maxBytes: MAX_KERNEL_FILE_BYTES },
  });
  const end = captured?.end;
  if (end?.end !== 'complete' || end.exitStatus !== NOT_THERE || end.sizeBytes > 0) return result;
  return { outcome: 'absent', reason: 'not-there', detail: 'The node has no such file.', proof: result.proof };
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const part = nodePartSchema.parse(planned.data);
  const access = await context.nodeAccess(part.node);
  const work: NodeWork = { planned, part, collector: ID, access, context };
  if (part.part === 'image') return await takeImage(work);
  if (part.part === 'btf' || part.part === 'kallsyms' || part.part === 'system-map')
    return await takeKernelFile(work, part.part);
  return UNKNOWN_ARTIFACT;
}

export const collector: Collector = {
  id: ID,
  title: 'Memory of the nodes',
  doc: DOC.trim(),
  volatility: 'V2',
  tags: ['node', 'memory', 'opt-in'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan,
  collect,
};
