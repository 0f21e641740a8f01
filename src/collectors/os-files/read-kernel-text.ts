import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { CollectResult } from '../../ports/collector.js';
import { DerivedLines } from '../derived-lines.js';
import { nodeSubject } from '../node-subject.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { KERNEL_SCRIPT } from './far-scripts.js';
import { KernelModules } from './kernel-modules.js';

async function deriveModules(work: NodeWork, modules: KernelModules, from: string): Promise<void> {
  const { access, part, planned, collector, context } = work;
  const derived = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${part.segment}/${collector}/${part.part}.jsonl`,
    artifact: planned.artifact,
    collector,
    vantage: access.facts.vantage,
    sensitivity: 'normal',
  });
  try {
    for (const line of modules.lines()) await derived.add(line);
    await derived.commit(nodeSubject(part), [from]);
  } finally {
    await derived.abort();
  }
}

/** Lines of files that the running kernel makes. A disk has no kernel. */
export async function readKernelText(entry: CatalogueEntry, work: NodeWork): Promise<CollectResult> {
  const { facts } = work.access;
  if (facts.vantage !== 'live-kernel') {
    return {
      outcome: 'absent',
      reason: 'no-running-kernel',
      detail: entry.absenceMeaning,
      proof: { vantage: facts.vantage },
    };
  }
  const modules = entry.parse === 'kernel-modules' ? new KernelModules() : null;
  const { result, captured } = await runNodeStep(work, {
    step: entry.name,
    file: `${entry.name}/lines.txt`,
    sensitivity: entry.sensitivity,
    command: {
      script: KERNEL_SCRIPT,
      stdin: Buffer.from(entry.paths.map((path) => `${path}\n`).join(''), 'latin1'),
      maxBytes: entry.limits.maxBytes,
    },
    watch: (bytes) => {
      modules?.feed(bytes);
    },
  });
  const path = captured?.path ?? null;
  if (path !== null && modules !== null) await deriveModules(work, modules, path);
  return judged(entry, result, captured?.end.stderr ?? '');
}

function judged(entry: CatalogueEntry, result: CollectResult, stderr: string): CollectResult {
  const isRefused = stderr.includes('not readable: ');
  if (result.outcome === 'collected' && isRefused)
    return { ...result, outcome: 'partial', reason: 'denied-parts', detail: 'some of these files may not be read' };
  if (result.outcome !== 'empty') return result;
  if (isRefused) return { ...result, outcome: 'denied', reason: 'permission', detail: 'these files may not be read' };
  return { ...result, outcome: 'absent', reason: 'no-such-file', detail: entry.absenceMeaning };
}
