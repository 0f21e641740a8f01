import { cgroupOwner } from '../cgroup-container.js';
import type { StepResult } from '../combine-results.js';
import { GrepRecords } from '../grep-records.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { SAMPLE_SCRIPT } from './scripts.js';

const MAX_SAMPLE_BYTES = 256 * 1024 * 1024;
const MAX_IDS = 100_000;

/** Container ids as the kernel shows them at one moment. */
export interface KernelSample {
  /** `null` where the way does not show the processes. */
  readonly processes: ReadonlySet<string> | null;
  /** Groups with at least one process; `null` where no control groups are to be seen. */
  readonly cgroups: ReadonlySet<string> | null;
  /** `null` where nothing was asked. */
  readonly step: StepResult | null;
  readonly path: string | null;
}

class SampleReader {
  readonly processes = new Set<string>();
  readonly groups = new Set<string>();
  readonly populated = new Set<string>();
  readonly #records = new GrepRecords('LF', ({ name, content }) => {
    this.#take(name, content);
  });

  feed(bytes: Buffer): void {
    this.#records.feed(bytes);
  }

  #take(name: string, content: Buffer): void {
    if (name.startsWith('group/')) this.#add(this.groups, cgroupOwner(`0::/${name.slice(6)}`).containerId);
    else if (name.endsWith('/cgroup.procs')) this.#add(this.populated, this.#idOfGroup(name));
    else if (name.endsWith('/cgroup')) this.#add(this.processes, cgroupOwner(content.toString('latin1')).containerId);
  }

  /** `./memory/kubepods/.../cgroup.procs`: with version 1 the first folder is the hierarchy, which names no container. */
  #idOfGroup(name: string): string | null {
    return cgroupOwner(`0::/${name.slice(2, -'/cgroup.procs'.length)}`).containerId;
  }

  #add(to: Set<string>, id: string | null): void {
    if (id !== null && to.size < MAX_IDS) to.add(id);
  }
}

/** Reads which containers have processes and control groups now, and keeps the raw answer as `<when>.txt`. */
export async function sampleViews(work: NodeWork, when: 'before' | 'after'): Promise<KernelSample> {
  const reader = new SampleReader();
  const { step, result, captured } = await runNodeStep(work, {
    step: `views-${when}`,
    file: `views/${when}.txt`,
    command: { script: SAMPLE_SCRIPT, maxBytes: MAX_SAMPLE_BYTES },
    watch: (bytes) => {
      reader.feed(bytes);
    },
  });
  const isWhole = result.outcome === 'collected' || result.outcome === 'empty';
  return {
    processes: isWhole && work.access.facts.processes ? reader.processes : null,
    cgroups: isWhole && reader.groups.size > 0 ? reader.populated : null,
    step: { step, result },
    path: captured?.path ?? null,
  };
}
