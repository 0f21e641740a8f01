import { CONTAINERD_ROOTS } from '../../lib/containerd-store/containerd-roots.js';
import type { ContainerdMeta } from '../../lib/containerd-store/read-meta.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CollectResult } from '../../ports/collector.js';
import type { StepResult } from '../combine-results.js';
import { DerivedLines } from '../derived-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { nodeSubject } from '../node-subject.js';
import { BLOBS_SCRIPT } from '../runtime-store-scripts.js';
import { knownRuntimeStores, readRuntimeStores, type RuntimeStores } from '../runtime-stores.js';
import { judgeSteps } from './judge-steps.js';

/** Manifests, indexes and configurations are kilobytes; layers, which are not taken, are rarely as small. */
const MAX_BLOB_BYTES = 1024 * 1024;
const MAX_BLOBS = 20_000;
const MAX_ARCHIVE_BYTES = 1024 * 1024 * 1024;
const DIGEST = /^sha256:([0-9a-f]{64})$/;

function smallBlobs(meta: ContainerdMeta): string[] {
  const names = meta.blobs.flatMap(({ digest, sizeBytes }) =>
    sizeBytes !== null && sizeBytes <= MAX_BLOB_BYTES ? (DIGEST.exec(digest)?.[1] ?? []) : [],
  );
  return [...new Set(names)].toSorted().slice(0, MAX_BLOBS);
}

async function takeBlobs(work: NodeWork, root: string, meta: ContainerdMeta): Promise<NodeStepEnd> {
  const name = CONTAINERD_ROOTS.find((one) => one.root === root)?.name ?? 'other';
  const stdin = Buffer.from(
    smallBlobs(meta)
      .map((one) => `${one}\0`)
      .join(''),
  );
  return await runNodeStep(work, {
    step: `blobs-${name}`,
    file: `images/${name}-blobs.tar`,
    sensitivity: 'secret',
    command: { script: BLOBS_SCRIPT, args: [root], stdin, maxBytes: MAX_ARCHIVE_BYTES },
  });
}

/** What another artifact's copies leave unknown here: their bytes are that artifact's, so a part of them is nothing of ours. */
function unknownImages({ databaseSteps }: RuntimeStores): StepResult[] {
  return databaseSteps.flatMap(({ step, result }) => {
    if (['collected', 'empty', 'absent'].includes(result.outcome)) return [];
    const outcome = result.outcome === 'partial' ? 'failed' : result.outcome;
    return [{ step, result: { ...result, outcome } }];
  });
}

/**
 * Image manifests and configurations of each containerd's content store, as they lie there, and which images and blobs its database
 * names. With Docker and CRI-O they are among the files of their stores.
 */
export async function readImages(work: NodeWork): Promise<CollectResult> {
  const { planned, part, collector, context, access } = work;
  const known = await knownRuntimeStores(access);
  const stores = known ?? (await readRuntimeStores(work));
  const lines = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${part.segment}/images.jsonl`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: 'normal',
  });
  const steps: StepResult[] = known === undefined ? [...stores.steps] : unknownImages(known);
  try {
    for (const { root, meta } of stores.metas) {
      if (smallBlobs(meta).length > 0) steps.push(await takeBlobs(work, root, meta));
      for (const image of meta.images) {
        const name = escapeForTerminal(image.name, 1024);
        await lines.add({ type: 'image', root, ...image, name, digest: escapeForTerminal(image.digest, 200) });
      }
      for (const blob of meta.blobs)
        await lines.add({ type: 'blob', root, ...blob, digest: escapeForTerminal(blob.digest, 200) });
    }
    await lines.commit(nodeSubject(part), stores.paths);
    const result = { outcome: 'collected', reason: 'complete', detail: '', proof: {} } as const;
    if (lines.lines > 0) steps.push({ step: 'images', result });
  } finally {
    await lines.abort();
  }
  const images = stores.metas.reduce((sum, { meta }) => sum + meta.images.length, 0);
  return judgeSteps(steps, { images });
}
