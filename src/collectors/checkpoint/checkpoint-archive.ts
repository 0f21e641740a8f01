import { PaxTarReader, type PaxEvent } from '../../lib/pax-tar/pax-tar-reader.js';
import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';
import { parseJson } from '../../lib/untyped.js';
import { rawText, type RawText } from '../raw-text.js';
import { LayerArchive } from './layer-archive.js';

const MAX_MEMBERS = 100_000;
const MAX_DELETED_BYTES = 16 * 1024 * 1024;
const MAX_DELETIONS = 100_000;

/** One member of a checkpoint. */
export interface CheckpointMember {
  readonly name: RawText;
  readonly type: string;
  readonly sizeBytes: number;
  readonly modeOctal: string;
}

/** A path that the container no longer shows, by either way in which checkpoints say so. */
export interface CheckpointDeletion {
  readonly path: RawText;
  readonly saidBy: readonly ('deleted.files' | 'whiteout' | 'opaque-folder')[];
}

const plainName = (entry: PaxEntry): string => entry.name.toString('latin1').replace(/^(?:\.?\/)+/, '');

/**
 * Reads a checkpoint as its bytes go by; nothing is unpacked. CRI-O and podman list what was deleted in `deleted.files`, containerd has
 * whiteouts in `rootfs-diff.tar`, which is gzip there under the same name: both are read, whatever wrote it.
 */
export class CheckpointArchive {
  readonly members: CheckpointMember[] = [];
  /** `not-a-tar`, `layer-...`, `deleted-files-unreadable`, `limit`: why what is derived may not be the whole. */
  readonly problems = new Set<string>();
  readonly #reader = new PaxTarReader();
  readonly #deleted: Buffer[] = [];
  readonly #deletions = new Map<string, Set<CheckpointDeletion['saidBy'][number]>>();
  #deletedBytes = 0;
  #layer: LayerArchive | null = null;
  #isUsable = true;

  /** A returned promise holds the stream back. Never throws for what the archive holds. */
  async write(bytes: Buffer): Promise<void> {
    if (!this.#isUsable) return;
    try {
      for (const event of this.#reader.feed(bytes)) await this.#take(event);
    } catch (error) {
      this.#fail(error);
    }
  }

  async end(): Promise<void> {
    try {
      if (this.#isUsable) this.#reader.end();
    } catch (error) {
      this.#fail(error);
    }
    // A stream that was cut leaves a layer open.
    await this.#endLayer();
  }

  /** Sorted by path. */
  get deletions(): readonly CheckpointDeletion[] {
    return [...this.#deletions]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([path, saidBy]) => ({ path: rawText(Buffer.from(path, 'latin1')), saidBy: [...saidBy].toSorted() }));
  }

  #fail(error: unknown): void {
    if (!(error instanceof TarFormatError)) throw error;
    this.#isUsable = false;
    this.problems.add('not-a-tar');
  }

  async #take(event: PaxEvent): Promise<void> {
    const name = plainName(event.entry);
    if (event.kind === 'entry') {
      this.#member(event.entry);
      if (name === 'rootfs-diff.tar' && event.entry.type === 'file' && this.#layer === null)
        this.#layer = new LayerArchive((path, saidBy) => {
          this.#deletion(path, saidBy);
        });
      return;
    }
    if (name === 'rootfs-diff.tar') {
      if (event.kind === 'data') await this.#layer?.write(event.bytes);
      else await this.#endLayer();
    }
    if (name !== 'deleted.files') return;
    if (event.kind === 'data') this.#keepDeleted(event.bytes);
    else this.#readDeleted();
  }

  #member({ name, type, sizeBytes, mode }: PaxEntry): void {
    if (this.members.length >= MAX_MEMBERS) this.problems.add('limit');
    else this.members.push({ name: rawText(name), type, sizeBytes, modeOctal: mode.toString(8) });
  }

  #deletion(path: string, saidBy: CheckpointDeletion['saidBy'][number]): void {
    const known = this.#deletions.get(path);
    if (known !== undefined) known.add(saidBy);
    else if (this.#deletions.size < MAX_DELETIONS) this.#deletions.set(path, new Set([saidBy]));
    else this.problems.add('limit');
  }

  #keepDeleted(bytes: Buffer): void {
    this.#deletedBytes += bytes.length;
    if (this.#deletedBytes <= MAX_DELETED_BYTES) this.#deleted.push(Buffer.from(bytes));
  }

  #readDeleted(): void {
    const body = this.#deletedBytes > MAX_DELETED_BYTES ? null : Buffer.concat(this.#deleted.splice(0));
    const paths = body === null || body.length === 0 ? [] : parseJson(body);
    if (body === null || !Array.isArray(paths)) {
      this.problems.add('deleted-files-unreadable');
      return;
    }
    for (const path of paths as unknown[]) {
      if (typeof path !== 'string') this.problems.add('deleted-files-unreadable');
      else this.#deletion(`/${Buffer.from(path, 'utf8').toString('latin1').replace(/^\/+/, '')}`, 'deleted.files');
    }
  }

  async #endLayer(): Promise<void> {
    const layer = this.#layer;
    if (layer === null) return;
    const problem = await layer.end();
    if (problem !== null) this.problems.add(problem);
  }
}
