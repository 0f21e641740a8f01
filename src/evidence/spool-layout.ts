import { join } from 'node:path';

/** Where things are below `<case>/exhibits/<id>`. Whatever is not `data` is ours alone and never sealed as it stands. */
export interface SpoolLayout {
  readonly directory: string;
  /** Number and kind of the exhibit; written before anything else. */
  readonly info: string;
  /** There while a process has the exhibit open; left behind by one that died. */
  readonly inUse: string;
  readonly opening: string;
  readonly custody: string;
  /** Time-stamp tokens over lines of the custody log. */
  readonly tokens: string;
  readonly plan: string;
  readonly outcomes: string;
  readonly items: string;
  readonly clock: string;
  readonly external: string;
  readonly requests: string;
  readonly data: string;
  /** Payload files that were being written when the process died. */
  readonly orphans: string;
  /** The workflow's own files. */
  readonly run: string;
  /** Scratch space of the seal. */
  readonly sealWork: string;
  /** The receipt, once the exhibit is sealed. */
  readonly sealed: string;
}

export function spoolLayout(directory: string): SpoolLayout {
  return {
    directory,
    info: join(directory, 'exhibit.json'),
    inUse: join(directory, 'in-use'),
    opening: join(directory, 'opening.json'),
    custody: join(directory, 'custody.jsonl'),
    tokens: join(directory, 'custody-tokens'),
    plan: join(directory, 'plan.jsonl'),
    outcomes: join(directory, 'outcomes.jsonl'),
    items: join(directory, 'items.jsonl'),
    clock: join(directory, 'clock.jsonl'),
    external: join(directory, 'external.jsonl'),
    requests: join(directory, 'requests.spool.jsonl'),
    data: join(directory, 'data'),
    orphans: join(directory, 'orphans'),
    run: join(directory, 'run'),
    sealWork: join(directory, 'seal-work'),
    sealed: join(directory, 'sealed.json'),
  };
}
