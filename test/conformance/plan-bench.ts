import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/lib/clock.js';
import { Journal } from '../../src/plan/journal.js';
import type { PlanRunDeps } from '../../src/plan/plan-run.js';
import type { PlanTools } from '../../src/plan/step-driver.js';
import type { ActionEffect, PlannedAction } from '../../src/ports/action-record.js';

class Crash extends Error {}

/** Counts what touches disk, cluster or cloud, and dies before or after the one that was asked for. */
export class Fuse {
  count = 0;
  readonly #at: number;
  readonly #after: boolean;

  constructor(at = Infinity, after = false) {
    this.#at = at;
    this.#after = after;
  }

  guard<Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
    return async (...args) => {
      const number = ++this.count;
      if (number > this.#at || (number === this.#at && !this.#after)) throw new Crash();
      const result = await work(...args);
      if (number === this.#at) throw new Crash();
      return result;
    };
  }
}

export async function orCrash(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
}

function guarded({ actuator, cloud = null }: PlanTools, fuse: Fuse, trace: string[]): PlanTools {
  const written = <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) =>
    fuse.guard(async (...args: Args) => {
      trace.push('write');
      return await work(...args);
    });
  return {
    actuator: {
      ...actuator,
      get: fuse.guard(actuator.get),
      create: written(actuator.create),
      patch: written(actuator.patch),
      delete: written(actuator.delete),
      evict: written(actuator.evict),
    },
    cloud:
      cloud === null
        ? null
        : { ...cloud, actuator: { look: fuse.guard(cloud.actuator.look), set: written(cloud.actuator.set) } },
  };
}

/** One directory of a case after the other, and processes that work in it and may die. */
export class PlanBench {
  #directory = PlanBench.#made();
  readonly #opened: Journal[] = [];

  static #made(): string {
    return mkdtempSync(join(tmpdir(), 'exhibit-actions-'));
  }

  /** As if nothing had been written yet. */
  renew(): void {
    rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = PlanBench.#made();
  }

  async close(): Promise<void> {
    for (const journal of this.#opened.splice(0)) await journal.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async openJournal(): Promise<Journal> {
    const journal = await Journal.open({ directory: this.#directory, clock: systemClock, actor: 'tester' });
    this.#opened.push(journal);
    return journal;
  }

  /** A process: the journal as it is on the disk, the world as it is, and perhaps an end in the middle. */
  async start(tools: PlanTools, fuse = new Fuse()) {
    const journal = await this.openJournal();
    const recorded: (PlannedAction | ActionEffect)[] = [];
    /** What is on the disk, and which writes were begun, in their order. */
    const trace: string[] = [];
    const append = async (entry: Parameters<Journal['append']>[0]): Promise<void> => {
      await journal.append(entry);
      trace.push(`journal ${entry.event}`);
    };
    const keep = async (kind: string, one: PlannedAction | ActionEffect): Promise<void> => {
      await Promise.resolve();
      recorded.push(one);
      trace.push(`custody ${kind}`);
    };
    const deps: PlanRunDeps = {
      journal: { plan: (id) => journal.plan(id), append: fuse.guard(append) },
      ...guarded(tools, fuse, trace),
      record: {
        action: fuse.guard(async (action) => await keep('action', action)),
        effect: fuse.guard(async (effect) => await keep('effect', effect)),
      },
      signal: new AbortController().signal,
      pause: async () => await Promise.resolve(),
      onStep: () => undefined,
    };
    return { journal, recorded, trace, deps, fuse };
  }
}
