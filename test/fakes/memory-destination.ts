import { createHash } from 'node:crypto';
import { ExhibitError } from '../../src/model/errors.js';
import {
  type Destination,
  NO_LOCK,
  type OutgoingFile,
  type PutOptions,
  type StorageLock,
  type StoredFile,
} from '../../src/ports/destination.js';

interface Kept {
  bytes: Buffer;
  sha256: string | null;
  lock: StorageLock;
}

/** A store in memory that can be made to lie. */
export class MemoryDestination implements Destination {
  readonly location = 'memory://store/';
  readonly kept = new Map<string, Kept>();
  /** Names of all that was sent, in order. */
  readonly sent: string[] = [];
  /** Thrown by the next `put`. */
  failure: ExhibitError | null = null;
  /** What is made of the bytes of a file before they are kept. */
  damage: (bytes: Buffer) => Buffer = (bytes) => bytes;
  /** What the store keeps of a lock that comes with a file, and of one that is set later. */
  lockAtPut: (lock: StorageLock) => StorageLock = (lock) => lock;
  lockLater: (lock: StorageLock) => StorageLock = (lock) => lock;
  /** What the store says of the digest of what it keeps. */
  says: (sha256: string | null) => string | null = (sha256) => sha256;

  locationOf(name: string): string {
    return `${this.location}${name}`;
  }

  async prepare(): Promise<void> {
    await Promise.resolve();
  }

  async find(name: string): Promise<StoredFile | null> {
    const kept = this.kept.get(name);
    if (kept === undefined) return null;
    return {
      name,
      location: this.locationOf(name),
      sizeBytes: kept.bytes.length,
      sha256: this.says(kept.sha256),
      revision: 'one',
      versionId: null,
    };
  }

  async put(file: OutgoingFile, { lock, onProgress }: PutOptions): Promise<StoredFile> {
    if (this.failure !== null) throw this.failure;
    const bytes = Buffer.alloc(file.sizeBytes);
    await file.read(bytes, 0);
    if (createHash('sha256').update(bytes).digest('hex') !== file.sha256)
      throw new ExhibitError('SOURCE_CHANGED', 'changed', { subject: file.name });
    this.kept.set(file.name, { bytes: this.damage(bytes), sha256: file.sha256, lock: this.lockAtPut(lock) });
    this.sent.push(file.name);
    onProgress(bytes.length);
    const stored = await this.find(file.name);
    if (stored === null) throw new Error('it was just kept');
    return stored;
  }

  async *read({ name }: StoredFile): AsyncGenerator<Buffer> {
    yield await Promise.resolve(this.kept.get(name)?.bytes ?? Buffer.alloc(0));
  }

  async readLock({ name }: StoredFile): Promise<StorageLock> {
    return await Promise.resolve(this.kept.get(name)?.lock ?? NO_LOCK);
  }

  async setLock({ name }: StoredFile, lock: StorageLock): Promise<void> {
    const kept = this.kept.get(name);
    if (kept !== undefined) kept.lock = this.lockLater(lock);
    await Promise.resolve();
  }

  async abandon(): Promise<number> {
    return await Promise.resolve(0);
  }
}
