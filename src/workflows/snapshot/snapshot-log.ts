import { join } from 'node:path';
import { z } from 'zod';
import { ChainedLog } from '../../custody/chained-log.js';
import { corrupt } from '../../custody/read-chain.js';
import { syncDirectory } from '../../custody/sync-directory.js';
import { MAX_TORN_RECORDED_BYTES, releaseTorn } from '../../custody/torn-tail.js';
import { externalRecordSchema } from '../../model/external.js';
import type { Clock } from '../../ports/clock.js';

/** A snapshot that a case knows, and what is known of it from the moment it was taken. */
const knownSnapshotSchema = z.object(
  externalRecordSchema.pick({
    ...{ account: true, region: true, id: true, attempt: true, copyOf: true },
    ...{ volume: true, node: true, instance: true, deviceName: true, claim: true, volumeTags: true, role: true },
  }).shape,
);
export type KnownSnapshot = z.infer<typeof knownSnapshotSchema>;

const attempt = z.string();
const requestIds = z.array(z.string()).readonly();

const snapshotEventSchema = z.discriminatedUnion('event', [
  /** Written before the call, so that whatever the call makes can be found by its tag. */
  z.object({
    event: z.literal('intended'),
    attempt,
    what: z.enum(['take', 'copy']),
    account: z.string(),
    region: z.string(),
    /** Volumes, or the snapshot that is copied. */
    of: z.array(z.string()).readonly(),
  }),
  z.object({
    event: z.literal('made'),
    attempt,
    how: z.enum(['made', 'found']),
    snapshots: z.array(knownSnapshotSchema).readonly(),
    requestIds,
  }),
  z.object({ event: z.literal('refused'), attempt, detail: z.string(), requestIds }),
  z.object({ event: z.literal('shared'), region: z.string(), id: z.string(), account: z.string(), requestIds }),
  /** The blocks of a snapshot were read, also of one that the case did not make. */
  z.object({
    event: z.literal('hashed'),
    region: z.string(),
    id: z.string(),
    exhibitId: z.string(),
    blocks: externalRecordSchema.shape.blocks.unwrap(),
  }),
  /** The exhibit has a line of what the snapshot was then. */
  z.object({
    event: z.literal('recorded'),
    region: z.string(),
    id: z.string(),
    exhibitId: z.string(),
    state: z.string(),
  }),
  z.object({ event: z.literal('interrupted'), tornB64: z.string() }),
]);
type Blocks = Extract<z.infer<typeof snapshotEventSchema>, { event: 'hashed' }>['blocks'];
export type SnapshotEvent = z.infer<typeof snapshotEventSchema>;
type Intention = Extract<SnapshotEvent, { event: 'intended' }>;

export interface SnapshotLogOptions {
  /** Of the case, which is locked for us. */
  readonly directory: string;
  readonly clock: Clock;
  readonly actor: string;
}

/** Which snapshot is meant: ids are unique in their region alone. */
export function snapshotKey({ region, id }: { readonly region: string; readonly id: string }): string {
  return `${region}/${id}`;
}

/**
 * snapshots.jsonl of a case: each call that makes a snapshot, written down and synced before it is sent, and what became of it. One process
 * at a time. Throws `CASE_CORRUPT` and `STORAGE_*`.
 */
export class SnapshotLog {
  readonly #log: ChainedLog<SnapshotEvent['event']>;
  readonly #facts: Facts;

  private constructor(log: ChainedLog<SnapshotEvent['event']>, facts: Facts) {
    this.#log = log;
    this.#facts = facts;
  }

  static async open({ directory, clock, actor }: SnapshotLogOptions): Promise<SnapshotLog> {
    const path = join(directory, 'snapshots.jsonl');
    const facts = new Facts();
    const { log, torn } = await ChainedLog.open<SnapshotEvent['event']>({
      path,
      clock,
      actor,
      onEntry: (entry) => {
        const parsed = snapshotEventSchema.safeParse(entry);
        if (!parsed.success) throw corrupt(path, entry.seq, 'it is no event of a snapshot');
        facts.take(parsed.data);
      },
    });
    if (torn !== null) {
      await log.append('interrupted', { tornB64: torn.bytes.subarray(0, MAX_TORN_RECORDED_BYTES).toString('base64') });
      await releaseTorn(torn);
    }
    // The name of a new file must outlive a power cut, too.
    if (log.size === 0) await syncDirectory(directory);
    return new SnapshotLog(log, facts);
  }

  /** In the order in which they were made. */
  get snapshots(): readonly KnownSnapshot[] {
    return [...this.#facts.known.values()];
  }

  /** Calls that were to be made and of whose end nothing is known. */
  get open(): readonly Intention[] {
    return [...this.#facts.open.values()];
  }

  /** What the exhibits of the case say last of a snapshot; `null` = nothing yet. */
  recorded(snapshot: KnownSnapshot): { readonly exhibitId: string; readonly state: string } | null {
    return this.#facts.recorded.get(snapshotKey(snapshot)) ?? null;
  }

  /** What the latest reading of its blocks gave, as an exhibit can say it: the manifest is in one exhibit only. `null` = nobody read them. */
  blocksOf(snapshot: KnownSnapshot, exhibitId: string): Blocks | null {
    const hashed = this.#facts.hashed.get(snapshotKey(snapshot));
    if (hashed === undefined) return null;
    return hashed.exhibitId === exhibitId ? hashed.blocks : { ...hashed.blocks, manifestPath: null };
  }

  sharedWith(snapshot: KnownSnapshot): readonly string[] {
    return [...(this.#facts.shared.get(snapshotKey(snapshot)) ?? [])].sort();
  }

  /** Resolves when it is on the disk. */
  async append(event: SnapshotEvent): Promise<void> {
    const { event: name, ...fields } = event;
    await this.#log.append(name, fields);
    this.#facts.take(event);
  }

  async close(): Promise<void> {
    await this.#log.close();
  }
}

class Facts {
  readonly known = new Map<string, KnownSnapshot>();
  readonly open = new Map<string, Intention>();
  readonly recorded = new Map<string, { readonly exhibitId: string; readonly state: string }>();
  readonly shared = new Map<string, Set<string>>();
  readonly hashed = new Map<string, { readonly exhibitId: string; readonly blocks: Blocks }>();

  take(event: SnapshotEvent): void {
    switch (event.event) {
      case 'intended':
        this.open.set(event.attempt, event);
        return;
      case 'made':
        this.open.delete(event.attempt);
        for (const snapshot of event.snapshots) this.known.set(snapshotKey(snapshot), snapshot);
        return;
      case 'refused':
        this.open.delete(event.attempt);
        return;
      case 'shared':
        this.shared.set(snapshotKey(event), (this.shared.get(snapshotKey(event)) ?? new Set()).add(event.account));
        return;
      case 'hashed':
        this.hashed.set(snapshotKey(event), event);
        return;
      case 'recorded':
        this.recorded.set(snapshotKey(event), { exhibitId: event.exhibitId, state: event.state });
        return;
      case 'interrupted':
        return;
    }
  }
}
